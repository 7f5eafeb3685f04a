/** What changed between two runs. */
import type { Status } from "../run/result.ts";
import type { Report, ReportedResult } from "./report.ts";
import { isMet } from "./tally.ts";

/** A vector whose result is another; null: the vector was not in that run. */
export interface Change {
  readonly id: string;
  readonly old: Status | null;
  readonly new: Status | null;
  /** Why, from the newer of the results. */
  readonly message: string;
}

/** Which run it was. */
export interface DiffSide {
  readonly adapter: string;
  readonly version: string;
  readonly runner: string;
  readonly vectors: string;
  readonly started_at: string;
}

/** The changes, each in one of the lists. */
export interface ReportDiff {
  readonly old: DiffSide;
  readonly new: DiffSide;
  /** Whether something is wrong that was not: a vector that newly fails, or one that is new and fails. */
  readonly is_worse: boolean;
  readonly newly_failing: readonly Change[];
  readonly newly_passing: readonly Change[];
  readonly changed: readonly Change[];
  readonly added: readonly Change[];
  readonly removed: readonly Change[];
}

/** A failure that is on a list is still one: putting it there repairs nothing. */
const FAILING: ReadonlySet<Status> = new Set(["fail", "error", "known-fail"]);
const NOT_PASSING: ReadonlySet<Status> = new Set([...FAILING, "flaky"]);

export function diffReports(older: Report, newer: Report): ReportDiff {
  const before = new Map(older.results.map((result) => [result.id, result]));
  const after = new Set(newer.results.map(({ id }) => id));
  const pairs = newer.results.flatMap((now) => {
    const was = before.get(now.id);
    return was === undefined || was.status === now.status ? [] : [{ was, now }];
  });
  const isWorse = ({ was, now }: Pair): boolean => FAILING.has(now.status) && !FAILING.has(was.status);
  const isBetter = ({ was, now }: Pair): boolean => NOT_PASSING.has(was.status) && isMet(now);
  const added = newer.results.filter(({ id }) => !before.has(id));
  const removed = older.results.filter(({ id }) => !after.has(id));
  const failing = pairs.filter(isWorse);
  return {
    old: sideOf(older),
    new: sideOf(newer),
    is_worse: failing.length > 0 || added.some(({ status }) => FAILING.has(status)),
    newly_failing: failing.map(changeOf),
    newly_passing: pairs.filter(isBetter).map(changeOf),
    changed: pairs.filter((pair) => !isWorse(pair) && !isBetter(pair)).map(changeOf),
    added: added.map(({ id, status, message }) => ({ id, old: null, new: status, message })),
    removed: removed.map(({ id, status, message }) => ({ id, old: status, new: null, message })),
  };
}

interface Pair {
  readonly was: ReportedResult;
  readonly now: ReportedResult;
}

function changeOf({ was, now }: Pair): Change {
  return { id: now.id, old: was.status, new: now.status, message: now.message };
}

function sideOf({ adapter, runner, vectors, started_at }: Report): DiffSide {
  return { adapter: adapter.name, version: adapter.version, runner, vectors, started_at };
}

/** What came of a vector. */
import type { Vector } from "../suite/vector.ts";
import type { Difference } from "../values/compare.ts";

/** The results, and what each one means. */
export const STATUSES = {
  pass: "as expected",
  fail: "wrong, or passing although it is listed as failing",
  warn: "against a SHOULD, or only tolerated",
  info: "right, with a difference worth knowing",
  skip: "the adapter left it out",
  disabled: "the implementation does not have what it needs",
  error: "no verdict: the adapter failed",
  "known-fail": "wrong, as listed",
  flaky: "wrong, and listed as failing now and then",
} as const;

export type Status = keyof typeof STATUSES;

/** A command and its answer as they crossed the pipe, each cut to what a report can hold. */
export interface Spoken {
  readonly command: string;
  readonly answer: string | undefined;
}

export interface Result {
  readonly id: string;
  readonly status: Status;
  readonly level: Vector["level"];
  readonly requirement: Vector["requirement"];
  readonly features: readonly string[];
  readonly tookMs: number;
  /** Why, in a sentence; empty for a pass. */
  readonly message: string;
  readonly differences: readonly Difference[];
  readonly spoken?: Spoken;
  /** What happened in a scenario, a line each. */
  readonly transcript?: readonly string[];
  /** Hex dumps by name. */
  readonly bytes?: Readonly<Record<string, string>>;
}

/** How many results there are of each status. */
export function countByStatus(results: readonly Result[]): Readonly<Record<Status, number>> {
  const counts = Object.fromEntries(Object.keys(STATUSES).map((status) => [status, 0])) as Record<
    Status,
    number
  >;
  for (const { status } of results) counts[status] += 1;
  return counts;
}

/** 0 when all is well, 1 for an unexpected failure, 2 when there is no verdict on something. */
export function exitCodeOf(results: readonly Result[]): 0 | 1 | 2 {
  const counts = countByStatus(results);
  return counts.fail > 0 ? 1 : counts.error > 0 ? 2 : 0;
}

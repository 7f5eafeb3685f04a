/** The report of a run as data: report.json, from which the other reports are made. */
import type { AdapterInfo } from "../ccp/messages.ts";
import { countByStatus, type Result, type Status } from "../run/result.ts";
import type { Run } from "../run/runner.ts";
import type { Suite } from "../suite/load.ts";
import { type Flag, LEVELS, type Requirement, type Vector } from "../suite/vector.ts";
import { type ProfileReport, profilesOf } from "./profiles.ts";
import { type Support, supportOf, type Tally, tallyOf } from "./tally.ts";

export interface FeatureReport extends Tally {
  readonly support: Support;
}

/** The vectors of a level, by how bad it is to fail. */
export interface LevelReport extends Readonly<Record<Requirement, Tally>> {
  /** What the level is about. */
  readonly about: string;
}

/** A result, and what a reader must know of its vector. */
export interface ReportedResult extends Omit<Result, "tookMs"> {
  readonly took_ms: number;
  readonly role: Vector["role"];
  readonly command: Vector["command"];
  /** Where the truth is. */
  readonly spec: readonly string[];
  /** What the vector was recorded from. */
  readonly recorded: Readonly<Record<string, string>>;
  /** Names that `flags` of the report explains. */
  readonly flags?: readonly string[];
  readonly note?: string;
}

/** report.json. */
export interface Report {
  /** The version of this form. */
  readonly schema: 1;
  /** The versions of the runner and of the set of vectors. */
  readonly runner: string;
  readonly vectors: string;
  readonly adapter: AdapterInfo;
  /** The kind of broker of the run, as `redis`; left out when it needed none. */
  readonly broker?: string;
  /** What stands behind `celerity conformance replay <id>` to try a vector of this run again. */
  readonly replay: readonly string[];
  /** ISO 8601. */
  readonly started_at: string;
  readonly took_ms: number;
  readonly exit_code: number;
  readonly totals: Readonly<Record<Status, number>>;
  readonly levels: Readonly<Record<string, LevelReport>>;
  readonly features: Readonly<Record<string, FeatureReport>>;
  readonly profiles: Readonly<Record<string, ProfileReport>>;
  /** The flags of the results, and what each means. */
  readonly flags: Readonly<Record<string, Flag>>;
  readonly results: readonly ReportedResult[];
  /** The end of what the adapter wrote to its standard error. */
  readonly stderr: string;
}

/** What a run does not know of itself. */
export interface ReportOrigin {
  /** The version of this program. */
  readonly runner: string;
  readonly suite: Suite;
  readonly exitCode: number;
  readonly replay: readonly string[];
}

export function toReport(run: Run, { runner, suite, exitCode, replay }: ReportOrigin): Report {
  const { results, broker } = run;
  const vectors = new Map(suite.vectors.map((vector) => [vector.id, vector]));
  const reported = results.flatMap((result) => {
    const vector = vectors.get(result.id);
    return vector === undefined ? [] : [reportedResult(result, vector)];
  });
  return {
    schema: 1,
    runner,
    vectors: suite.version,
    adapter: run.adapter,
    ...(broker !== undefined && { broker }),
    replay,
    started_at: new Date(run.startedAtMs).toISOString(),
    took_ms: run.tookMs,
    exit_code: exitCode,
    totals: countByStatus(results),
    levels: levelsOf(results),
    features: featuresOf(results),
    profiles: profilesOf(suite.vectors, results, broker),
    flags: flagsOf(reported, suite),
    results: reported,
    stderr: run.stderr,
  };
}

function reportedResult({ tookMs, ...result }: Result, vector: Vector): ReportedResult {
  const { role, command, spec, recorded, flags, note } = vector;
  return {
    ...result,
    took_ms: tookMs,
    role,
    command,
    spec,
    recorded,
    ...(flags !== undefined && { flags }),
    ...(note !== undefined && { note }),
  };
}

/** By level, in the order of the levels. */
function levelsOf(results: readonly Result[]): Readonly<Record<string, LevelReport>> {
  const levels = Object.entries(LEVELS).map(([level, about]) => {
    const own = results.filter((result) => result.level === level);
    const of = (requirement: Requirement): Tally =>
      tallyOf(own.filter((result) => result.requirement === requirement));
    return [level, { about, must: of("must"), should: of("should"), info: of("info") }] as const;
  });
  return Object.fromEntries(
    levels.filter(([, { must, should, info }]) => must.total + should.total + info.total > 0),
  );
}

/** By feature, in alphabetical order. */
function featuresOf(results: readonly Result[]): Readonly<Record<string, FeatureReport>> {
  const names = [...new Set(results.flatMap(({ features }) => features))].toSorted();
  return Object.fromEntries(
    names.map((name) => {
      const tally = tallyOf(results.filter(({ features }) => features.includes(name)));
      return [name, { support: supportOf(tally), ...tally }];
    }),
  );
}

function flagsOf(results: readonly ReportedResult[], suite: Suite): Readonly<Record<string, Flag>> {
  const names = [...new Set(results.flatMap(({ flags = [] }) => flags))].toSorted();
  return Object.fromEntries(
    names.flatMap((name) => {
      const flag = suite.flags.get(name);
      return flag === undefined ? [] : [[name, flag]];
    }),
  );
}

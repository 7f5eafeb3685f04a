/** The matrix: implementations by levels. */
import { LEVELS, type Level } from "../../suite/vector.ts";
import { isTried, type Tally } from "../tally.ts";
import type { Implementation } from "./manifest.ts";
import type { Tried } from "./try.ts";

interface Named {
  readonly name: string;
  readonly language: string;
  readonly homepage?: string;
}

/** An implementation that was tried. */
export interface MatrixRow extends Named {
  /** What the adapter says of itself. */
  readonly version: string;
  /** Levels of which nothing was in the run are left out. */
  readonly levels: Readonly<Partial<Record<Level, MatrixCell>>>;
  /** Vectors that it leaves out: it has not what they need. */
  readonly leftOut: number;
}

export interface MatrixCell {
  readonly must: Tally;
  readonly should: Tally;
}

/** An implementation that could not be tried, and why. */
export interface MissingRow extends Named {
  readonly why: string;
}

export interface Matrix {
  /** Versions of the runner and of the set of vectors. */
  readonly runner: string;
  readonly vectors: string;
  /** ISO 8601. */
  readonly date: string;
  readonly levels: readonly Level[];
  readonly rows: readonly MatrixRow[];
  readonly missing: readonly MissingRow[];
}

export function toMatrix(
  tried: readonly Tried[],
  origin: Pick<Matrix, "runner" | "vectors" | "date">,
): Matrix {
  const rows = tried.flatMap((one) => ("report" in one ? [rowOf(one)] : []));
  const present = Object.keys(LEVELS) as Level[];
  return {
    ...origin,
    levels: present.filter((level) => rows.some(({ levels }) => levels[level] !== undefined)),
    rows,
    missing: tried.flatMap((one) => {
      if ("report" in one) return [];
      return [{ ...namedOf(one.implementation), why: one.missing }];
    }),
  };
}

function rowOf({ implementation, report }: Extract<Tried, { readonly report: unknown }>): MatrixRow {
  const levels = Object.entries(report.levels).map(([level, { must, should }]) => [level, { must, should }]);
  return {
    ...namedOf(implementation),
    version: report.adapter.version,
    levels: Object.fromEntries(levels),
    leftOut: report.results.filter((result) => !isTried(result)).length,
  };
}

function namedOf({ name, language, homepage }: Implementation): Named {
  return { name, language, ...(homepage !== undefined && { homepage }) };
}

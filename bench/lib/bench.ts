/** What a benchmark is: a table of contenders, measured in turn on the same private servers. */

/** Servers of our own that a bench can ask for. */
export type ServerName = "redis" | "rabbitmq";

/** A program to start: a TypeScript file of this repository, or a Python file with the project's Python environment. */
export interface Program {
  readonly runtime: "node" | "python";
  /** Path from the repository's root; without its extension, since Node runs what it was compiled to. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs beside the measured one: the worker at the other end, a gateway. */
export interface Background extends Program {
  /** What it prints when it is ready. */
  readonly ready: RegExp;
}

/** What one run of a contender has to itself. */
export interface Run {
  /** Broker URLs, each an empty place. */
  readonly urls: Readonly<Record<ServerName, string>>;
  /** Where results go: another empty database of the same Redis. */
  readonly resultsUrl: string;
  /** Messages, calls or requests to handle. */
  readonly count: number;
  /** A free port of 127.0.0.1. */
  readonly port: number;
  /** An empty folder, removed after the run. */
  readonly folder: string;
}

/** Whose work it is. Ratios are formed against the floor, and against the fastest Python contender, of the same case. */
export type Role = "celerity" | "floor" | "python";

export interface Contender {
  readonly name: string;
  readonly role: Role;
  /** Contenders are compared within a case. Default: one case for all, or what the program reports. */
  readonly case?: string;
  /** Part of the bench's count that this one handles; rates are compared, so slow contenders need less. Default 1. */
  readonly share?: number;
  /** Before the clock starts: fills queues. */
  readonly prepare?: (run: Run) => Promise<void>;
  readonly background?: (run: Run) => Background;
  readonly program: (run: Run) => Program;
  /** Rejects when the work was not really done. */
  readonly check?: (run: Run) => Promise<void>;
}

/** A measured quantity, as the programs name it. */
export interface Metric {
  readonly key: string;
  /** Heading of its column, with the unit. */
  readonly heading: string;
  readonly digits: number;
  readonly better: "higher" | "lower";
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  readonly servers: readonly ServerName[];
  /** Default of `--count`. */
  readonly count: number;
  readonly metrics: readonly Metric[];
  /** Takes minutes: runs when it is named, and not with `all`. */
  readonly isLong?: boolean;
  readonly contenders: readonly Contender[];
}

/** What a measuring program prints, as one line `result [...]`: the values by metric, one item per case. */
export interface Sample {
  readonly case?: string;
  readonly values: Readonly<Record<string, number>>;
  /** CPU time of the measured process for one operation, in microseconds: it hardly depends on what others do meanwhile. */
  readonly cpuUs?: number;
  /** Operations that the background program served in all, when its CPU time is what counts. */
  readonly served?: number;
}

/** A program of bench/ that takes its parameters as JSON in its first argument. */
export function nodeProgram(file: string, input: object): Program {
  return { runtime: "node", file: `bench/${file}`, args: [JSON.stringify(input)] };
}

/** The same in Python. */
export function pythonProgram(file: string, input: object): Program {
  return { runtime: "python", file: `bench/${file}`, args: [JSON.stringify(input)] };
}

/** A program of bench/ that prints `ready` when it is. */
export function background(program: Program): Background {
  return { ...program, ready: /^ready$/m };
}

export const PER_SECOND: Metric = { key: "perSecond", heading: "per second", digits: 0, better: "higher" };
export const P50: Metric = { key: "p50Ms", heading: "p50 ms", digits: 2, better: "lower" };
export const P99: Metric = { key: "p99Ms", heading: "p99 ms", digits: 2, better: "lower" };

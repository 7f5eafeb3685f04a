/** Benches of a worker's command line as users start it, with everything that is on by default, beside Celery's. */
import {
  type Bench,
  type Contender,
  type Metric,
  nodeProgram,
  type Program,
  type Run,
} from "../lib/bench.ts";

/** What the programs that start a worker are told. */
export interface LifeInput {
  readonly runtime: Program["runtime"];
  readonly broker: string;
  readonly results: string;
  /** Options of the worker, which both know. */
  readonly options: readonly string[];
  /** Starts that are measured, or seconds of rest before memory is. */
  readonly count: number;
}

const SECONDS: Metric = { key: "seconds", heading: "s to first result", digits: 3, better: "lower" };
const MEMORY: Metric = { key: "mb", heading: "MB idle", digits: 1, better: "lower" };

export const startupBench: Bench = {
  name: "worker-pools-startup",
  title: "from the start of the process to the result of a task that waited for it, mean of some starts",
  servers: ["redis"],
  count: 3,
  metrics: [SECONDS],
  contenders: contenders("startup"),
};

export const memoryBench: Bench = {
  name: "worker-pools-memory",
  title: "memory of all processes of a worker that has run one task, after some seconds of rest",
  servers: ["redis"],
  count: 5,
  metrics: [MEMORY],
  contenders: contenders("memory"),
};

function contenders(program: string): readonly Contender[] {
  const prefork = ["--pool", "prefork", "--concurrency", "2"];
  return [
    life(program, "prefork -c 2", "node", prefork, "Celerity prefork -c 2"),
    life(program, "prefork -c 2", "python", prefork, "Celery prefork -c 2"),
    life(program, "one process", "node", ["--pool", "async"], "Celerity async"),
    life(program, "one process", "python", ["--pool", "solo"], "Celery solo"),
  ];
}

function life(
  program: string,
  name: string,
  runtime: Program["runtime"],
  options: readonly string[],
  contender: string,
): Contender {
  const input = ({ urls, resultsUrl, count }: Run): LifeInput => ({
    runtime,
    broker: urls.redis,
    results: resultsUrl,
    options,
    count,
  });
  return {
    name: contender,
    role: runtime === "node" ? "celerity" : "python",
    case: name,
    program: (run) => nodeProgram(`worker-pools/${program}`, input(run)),
  };
}

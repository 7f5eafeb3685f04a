/** Whole workflows, from the call to the result in the caller's hand: chords, chains and groups on Redis. */
import { type Bench, background, nodeProgram, PER_SECOND, pythonProgram, type Run } from "../lib/bench.ts";

/** Tasks in each workflow. */
export const SIZES = { chord: 1000, chain: 100, group: 1000 } as const;

/** What both ends are told. */
export interface WorkflowInput {
  readonly broker: string;
  readonly results: string;
  /** Workflows of each kind. */
  readonly count: number;
  readonly sizes: typeof SIZES;
  /** Of the worker. */
  readonly pool: "solo" | "prefork";
}

function input({ urls, resultsUrl, count }: Run, pool: WorkflowInput["pool"] = "solo"): WorkflowInput {
  return { broker: urls.redis, results: resultsUrl, count, sizes: SIZES, pool };
}

/** The median of the workflows of each kind, as tasks per second. */
export const workflowsBench: Bench = {
  name: "workflows-redis",
  title: "chord of 1000, chain of 100, group of 1000, submitted and joined: tasks",
  servers: ["redis"],
  count: 5,
  metrics: [PER_SECOND],
  contenders: [
    {
      name: "Celerity client, Celerity worker",
      role: "celerity",
      background: (run) => background(nodeProgram("workflows/celerity-worker", input(run))),
      program: (run) => nodeProgram("workflows/celerity-client", input(run)),
    },
    ...(["solo", "prefork"] as const).map((pool) => ({
      name: `Celery client, Celery worker (${pool})`,
      role: "python" as const,
      share: 0.4,
      background: (run: Run) => background(pythonProgram("workflows/python-worker", input(run, pool))),
      program: (run: Run) => pythonProgram("workflows/python-client", input(run)),
    })),
  ],
};

/** What the program of large chords is told. */
export interface LargeInput {
  readonly broker: string;
  readonly results: string;
  readonly sizes: readonly number[];
}

/** How much memory a chord takes where it runs, and where it is composed. */
export const largeChordsBench: Bench = {
  name: "workflows-large",
  title: "chords of 1 000, 10 000 and 50 000 on Redis: tasks, and resident memory at most",
  servers: ["redis"],
  count: 1,
  metrics: [
    PER_SECOND,
    { key: "peakMb", heading: "worker, peak MB", digits: 0, better: "lower" },
    { key: "clientMb", heading: "client, peak MB", digits: 0, better: "lower" },
  ],
  contenders: [
    {
      name: "Celerity client and worker",
      role: "celerity",
      program: ({ urls, resultsUrl }) =>
        nodeProgram("workflows/large", {
          broker: urls.redis,
          results: resultsUrl,
          sizes: [1000, 10_000, 50_000],
        } satisfies LargeInput),
    },
  ],
};

import type { Fault, FaultCase } from "../lib/fault.ts";
import { DELIVERIES, type Scene } from "../lib/scene.ts";

type Pool = "prefork" | "threads";

/** process.abort() is not for threads: it would end the worker, as F18 does. */
const DEATHS: Readonly<Record<Pool, readonly string[]>> = {
  prefork: ["abort", "exit", "throw"],
  threads: ["exit", "throw", "memory"],
};
const CASES: readonly FaultCase[] = [
  { name: "prefork", pool: "prefork" },
  { name: "threads", pool: "threads" },
];
/** The heap of each thread, in MB: one that fills it fails soon. */
const HEAP = { NODE_OPTIONS: "--max-old-space-size=128" };
/** A new Node process on a busy machine. */
const RECOVERY_LIMIT = 3;

/** Tasks that end their process or thread, each in its own way, among good ones. */
export const childDies: Fault = {
  name: "F1",
  what: "a process or thread of the pool dies in a task: abort, exit(3), uncaught error, heap full",
  brokers: ["rabbitmq", "redis", "sqlite"],
  cases: CASES,
  async run(scene) {
    const { pool = "prefork" } = scene.options.form;
    const half = Math.ceil(scene.options.tasks / 2);
    await scene.load(half);
    const deadly: string[] = [];
    for (const death of DEATHS[pool]) deadly.push(...(await scene.send(1, "fault.die", death)));
    await scene.load(scene.options.tasks - half);
    const worker = await scene.startWorker({ env: pool === "threads" ? HEAP : {} });
    await scene.settled(deadly);
    await scene.untilDead(deadly.length);
    const starts = scene.ledger.notes("start").filter(({ id }) => deadly.includes(id));
    return {
      broken: { times: starts.length, what: pool === "threads" ? "thread died" : "child died" },
      duplicates: 0,
      dead: deadly,
      recovery: { seconds: longestGap(scene, deadly), limit: RECOVERY_LIMIT },
      checks: [
        {
          what: `deadly tasks not started ${DELIVERIES} times`,
          value: scene.ledger.startedOtherThan(DELIVERIES, deadly),
          limit: 0,
        },
        { what: "workers that ended", value: (await scene.running(worker)) ? 0 : 1, limit: 0 },
      ],
    };
  },
};

/** The longest time from a death until a process or thread that is new then has started a good task, in seconds. */
function longestGap({ ledger }: Scene, deadly: readonly string[]): number {
  const starts = ledger.notes("start");
  const deaths = starts.filter(({ id }) => deadly.includes(id));
  const first = new Map<string, number>();
  for (const { by, atMs } of starts) if (!first.has(by)) first.set(by, atMs);
  const newcomers = starts.filter(({ id, by, atMs }) => !deadly.includes(id) && first.get(by) === atMs);
  const gaps = deaths.flatMap((death) => {
    const next = newcomers.find(({ atMs }) => atMs > death.atMs);
    // When no good task is left, nobody starts one.
    return next === undefined ? [] : [next.atMs - death.atMs];
  });
  return Math.max(0, ...gaps) / 1000;
}

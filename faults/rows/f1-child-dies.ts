import type { Fault, FaultCase } from "../lib/fault.ts";
import type { Scene } from "../lib/scene.ts";

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
const DELIVERIES = 3;

/** Tasks that end their process or thread, each in its own way, among good ones. */
export const childDies: Fault = {
  name: "F1",
  what: "a process or thread of the pool dies in a task: abort, exit(3), uncaught error, heap full",
  brokers: ["rabbitmq", "redis", "sqlite"],
  cases: CASES,
  async run(scene) {
    const { pool = "prefork" } = scene.options.form;
    const worker = await scene.startWorker({ env: pool === "threads" ? HEAP : {} });
    const good = scene.load();
    const deadly = (
      await Promise.all(DEATHS[pool].map((death) => scene.send(1, "fault.die", death)))
    ).flat();
    await good;
    await scene.settled(deadly);
    await scene.untilDead(deadly.length);
    const starts = scene.ledger.notes("start").filter(({ id }) => deadly.includes(id));
    const ended = await Promise.race([worker.ended().then(() => 1), Promise.resolve(0)]);
    return {
      duplicates: 0,
      dead: deadly,
      recovery: { seconds: longestGap(scene, deadly), limit: 2 },
      checks: [
        { what: "starts of the deadly tasks", value: starts.length, limit: DELIVERIES * deadly.length },
        { what: "workers that ended", value: ended, limit: 0 },
      ],
    };
  },
};

/** The longest time from a death until a new process or thread has started a good task, in seconds. */
function longestGap({ ledger }: Scene, deadly: readonly string[]): number {
  const starts = ledger.notes("start");
  const firsts = starts.filter((one, at) => starts.findIndex(({ by }) => by === one.by) === at);
  const lastGoodMs = starts.findLast(({ id }) => !deadly.includes(id))?.atMs ?? 0;
  const gaps = starts
    .filter(({ id }) => deadly.includes(id))
    .map(({ atMs }) => firsts.find((first) => first.atMs > atMs && first.atMs <= lastGoodMs)?.atMs ?? atMs)
    .map((nextMs, at) => nextMs - (starts.filter(({ id }) => deadly.includes(id))[at]?.atMs ?? nextMs));
  return Math.max(0, ...gaps) / 1000;
}

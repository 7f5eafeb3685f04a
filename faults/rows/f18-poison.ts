import type { GuardedProcess } from "../../test/helpers/services-process.ts";
import type { Fault } from "../lib/fault.ts";
import { CONCURRENCY, DELIVERIES, type Scene, TASK_SECONDS } from "../lib/scene.ts";

const POISONS = 3;
const WORKERS = 2;

/** Messages that kill whoever runs them. In the pool of processes only a child dies, in that of threads the whole worker. */
export const poison: Fault = {
  name: "F18",
  what: `${POISONS} poison messages among the good ones: their task kills the process`,
  brokers: ["rabbitmq", "redis", "sqlite"],
  cases: [
    { name: "kills the child", pool: "prefork" },
    // A classic queue does not count deliveries; a short lease, since each death waits for it.
    { name: "kills the worker", pool: "threads", queueType: "quorum", transportOptions: { leaseMs: 2000 } },
  ],
  async run(scene) {
    const killsWorker = scene.options.form.pool === "threads";
    const { tasks } = scene.options;
    const ids = await scene.load(Math.ceil(tasks / 4));
    const deadly = await scene.send(POISONS, "fault.die", "kill");
    ids.push(...(await scene.load(tasks - POISONS - ids.length)));
    const fleet = supervise(scene);
    await scene.settled(deadly);
    await scene.untilDead(deadly.length);
    await scene.atRest();
    const restarts = await fleet.release();
    const starts = scene.ledger.notes("start").filter(({ id }) => deadly.includes(id));
    const timing = {
      what: "seconds for the good tasks",
      value: secondsFor(scene, ids),
      limit: limitOf(tasks),
    };
    return {
      broken: { times: starts.length, what: `${killsWorker ? "worker" : "child"} died` },
      duplicates: restarts * CONCURRENCY,
      dead: deadly,
      checks: [
        // Where the worker dies, a delivery may end before its task has started, because of another poison.
        killsWorker
          ? { what: "starts of the poison", value: starts.length, limit: POISONS * DELIVERIES }
          : {
              what: `poison not started ${DELIVERIES} times`,
              value: scene.ledger.startedOtherThan(DELIVERIES, deadly),
              limit: 0,
            },
        { what: "workers that ended", value: restarts, limit: killsWorker ? POISONS * DELIVERIES : 0 },
        ...(killsWorker ? [] : [timing]),
      ],
    };
  },
};

/** From the first start of all to the last end of one of these. */
function secondsFor({ ledger }: Scene, ids: readonly string[]): number {
  const wanted = new Set(ids);
  const ends = ledger.notes("end").filter(({ id }) => wanted.has(id));
  return ((ends.at(-1)?.atMs ?? Number.POSITIVE_INFINITY) - (ledger.notes("start")[0]?.atMs ?? 0)) / 1000;
}

/** Three times as long as without the poison, and a second for each new process. */
function limitOf(tasks: number): number {
  return (3 * tasks * TASK_SECONDS) / (WORKERS * CONCURRENCY) + POISONS * DELIVERIES;
}

/** Keeps two workers up, as a supervisor does; the answer of release() is how many had to be replaced. */
function supervise(scene: Scene): { release(): Promise<number> } {
  let restarts = 0;
  let isReleased = false;
  const keep = async (): Promise<void> => {
    for (;;) {
      const worker: GuardedProcess = scene.launch();
      current.add(worker);
      await worker.ended();
      current.delete(worker);
      if (isReleased) return;
      restarts += 1;
    }
  };
  const current = new Set<GuardedProcess>();
  const kept = Promise.all(Array.from({ length: WORKERS }, keep));
  // A failure is told to who releases them.
  kept.catch(() => undefined);
  return {
    async release() {
      isReleased = true;
      await Promise.all([...current].map((worker) => worker.stop()));
      await kept;
      return restarts;
    },
  };
}

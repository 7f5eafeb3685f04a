import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../lib/fault.ts";
import { signalAll, treeOf } from "../lib/processes.ts";
import { CONCURRENCY, HELD, TASK_SECONDS } from "../lib/scene.ts";

/** Twice the longest lease: that of 15 s on SQLite. */
const STOP_SECONDS = 30;
/** Until the other worker has done everything, beside the time that the tasks themselves take. */
const RECOVERY_LIMIT = 20;
/** Tasks for the woken worker to show that it is well. */
const AFTERWARDS = 40;

/** A worker sleeps until others have taken over what it held, and wakes up in the belief that it still holds it. */
export const zombie: Fault = {
  name: "F16",
  what: `SIGSTOP of a worker with its processes for ${STOP_SECONDS} s (--seconds), then SIGCONT`,
  brokers: ["redis", "sqlite"],
  cases: [{ name: "", transportOptions: { visibilityTimeout: 10 } }],
  async run(scene) {
    const [victim] = await Promise.all([scene.startWorker(), scene.startWorker()]);
    await scene.load();
    await scene.untilUnderWay();
    const pids = treeOf(victim.pid);
    signalAll(pids, "SIGSTOP");
    const stoppedAtMs = Date.now();
    await scene.settled();
    const recoveredAtMs = Date.now();
    const seconds = scene.options.seconds ?? STOP_SECONDS;
    await sleep(Math.max(0, stoppedAtMs + seconds * 1000 - Date.now()));
    const endsAsleep = scene.ledger.notes("end").length;
    signalAll(pids, "SIGCONT");
    await scene.load(AFTERWARDS);
    await scene.settled();
    // What it had under way ends a little later than the new tasks, perhaps.
    await sleep(1000);
    const accepted = scene.ledger.accepted.size;
    return {
      duplicates: HELD,
      recovery: {
        seconds: (recoveredAtMs - stoppedAtMs) / 1000,
        limit: RECOVERY_LIMIT + (scene.options.tasks * TASK_SECONDS) / CONCURRENCY,
      },
      checks: [
        { what: "tasks that waited for the sleeper", value: accepted - AFTERWARDS - endsAsleep, limit: 0 },
        { what: "workers that ended", value: (await scene.running(victim)) ? 0 : 1, limit: 0 },
      ],
    };
  },
};

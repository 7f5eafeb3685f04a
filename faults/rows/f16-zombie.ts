import type { Fault } from "../lib/fault.ts";
import { signalAll, treeOf } from "../lib/processes.ts";
import { HELD, type Scene } from "../lib/scene.ts";

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
    await scene.pause(Math.max(0, stoppedAtMs + seconds * 1000 - Date.now()));
    const waiting = scene.ledger.accepted.size - scene.ledger.ids("end").size;
    const replaceable = doneBy(scene, (pid) => !pids.includes(pid));
    signalAll(pids, "SIGCONT");
    const wokenAtMs = Date.now();
    await scene.load(AFTERWARDS);
    await scene.settled();
    // What it had under way ends a little later than the new tasks, perhaps.
    await scene.pause(1000);
    const late = scene.ledger.notes("end").filter(({ id, atMs }) => atMs >= wokenAtMs && replaceable.has(id));
    const results = await Promise.all(
      late.map(async ({ id }) => Number(await scene.app.result(id).get({ timeoutMs: 5000 }))),
    );
    return {
      broken: { times: 1, what: "SIGSTOP" },
      duplicates: HELD,
      recovery: {
        seconds: (recoveredAtMs - stoppedAtMs) / 1000,
        limit: RECOVERY_LIMIT + scene.loadSeconds,
      },
      remark: `${late.length} tasks ended again in the woken worker`,
      checks: [
        { what: "tasks that waited for the sleeper", value: waiting, limit: 0 },
        {
          what: "results that a late one replaced",
          value: results.filter((pid) => pids.includes(pid)).length,
          limit: 0,
        },
        { what: "workers that ended", value: (await scene.running(victim)) ? 0 : 1, limit: 0 },
      ],
    };
  },
};

/** Tasks with an end in one of these processes. */
function doneBy({ ledger }: Scene, isWanted: (pid: number) => boolean): Set<string> {
  const ends = ledger.notes("end").filter(({ by }) => isWanted(Number(by)));
  return new Set(ends.map(({ id }) => id));
}

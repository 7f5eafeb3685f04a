/** kill -9 of workers under load: what F2, F3 and F4 have in common. */
import type { Findings } from "./fault.ts";
import { treeOf } from "./processes.ts";
import { CONCURRENCY, type Scene } from "./scene.ts";

export interface KillOptions {
  /** Both workers, and a new one is started then; else one of two. */
  readonly all: boolean;
  /** Seconds until everything that was interrupted has started again. */
  readonly recoveryLimit: number;
}

export async function killUnderLoad(scene: Scene, { all, recoveryLimit }: KillOptions): Promise<Findings> {
  const fleet = await Promise.all([scene.startWorker(), scene.startWorker()]);
  await scene.load();
  await scene.untilUnderWay();
  const victims = all ? fleet : fleet.slice(0, 1);
  const pids = victims.flatMap(({ pid }) => treeOf(pid));
  await Promise.all(victims.map((victim) => victim.kill()));
  const killedAtMs = Date.now();
  if (all) await scene.startWorker();
  // From when somebody can.
  const sinceMs = Date.now();
  await scene.settled();
  const seconds = (Date.now() - sinceMs) / 1000;
  // Each slot may have a task that runs, and one that has ended and is not yet acknowledged; only that one ends twice.
  const duplicates = victims.length * CONCURRENCY;
  return {
    broken: { times: victims.length, what: "kill -9" },
    duplicates,
    recovery: { seconds: secondsToRestart(scene, pids, killedAtMs, sinceMs), limit: recoveryLimit },
    checks: [
      { what: "starts beyond the first", value: scene.ledger.repeated("start"), limit: 2 * duplicates },
      // What a victim held and had not started is among them.
      { what: "seconds until all had run", value: seconds, limit: recoveryLimit + scene.loadSeconds },
    ],
  };
}

/** From `sinceMs` until the last of what these processes had under way has started elsewhere. */
export function secondsToRestart(
  scene: Scene,
  pids: readonly number[],
  atMs: number,
  sinceMs: number = atMs,
): number {
  const restarts = scene.ledger.restarts(pids, atMs);
  return Math.max(0, ...restarts.map((restart) => (restart.atMs - sinceMs) / 1000));
}

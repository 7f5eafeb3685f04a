/**
 * How a worker ends. Warm: takes nothing new, gives back what was not started, finishes and settles what runs. Cold: tasks
 * are told to stop, and what is not settled goes back to the broker; a soft phase before gives them time
 * (worker_soft_shutdown_timeout). Source: celery/apps/worker.py, celery/worker/worker.py of 5.7.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../app/index.ts";
import { exceptionDocument } from "./outcome.ts";
import type { Parts } from "./worker.ts";

export interface ShutdownSignals {
  /** Aborted when the shutdown must be cold. */
  readonly cold: AbortSignal | undefined;
  /** Aborted when its soft phase must end too. */
  readonly now: AbortSignal | undefined;
}

/** `stopSteps` is called when no task runs any more. */
export async function shutDown(
  parts: Parts,
  settings: Settings,
  signals: ShutdownSignals,
  stopSteps: () => Promise<void>,
): Promise<void> {
  const { lanes } = parts;
  const consumed = Promise.all(lanes.map((lane) => lane.stopConsuming()));
  // What waits for its seal to be noted is given back, or the lanes would wait with it.
  parts.sealCheck?.stop();
  parts.httpTasks?.stop();
  await consumed;
  for (const job of lanes.flatMap((lane) => lane.stop())) parts.sender.giveBack(job.delivery);
  const idle = Promise.all(lanes.map(({ scheduler }) => scheduler.idle()));
  const isCold = whenAborted(signals.cold).then(() => softPhase(parts, settings, signals.now));
  await Promise.race([idle, isCold.then(() => abortActive(parts))]);
  const settled = Promise.all([parts.settler.idle(), parts.refuser.idle()]).then(() => parts.sender.idle());
  await Promise.race([settled, isCold]);
  await stopSteps();
  await Promise.all(lanes.map(({ pool }) => pool.close()));
  await parts.httpTasks?.close();
  await parts.rateTurns?.close();
  await parts.sealCheck?.close();
  await parts.connection.close();
}

/** Lets what runs end by itself, for a while. */
async function softPhase({ lanes }: Parts, settings: Settings, now: AbortSignal | undefined): Promise<void> {
  const { workerSoftShutdownTimeout: seconds, workerEnableSoftShutdownOnIdle: evenIdle } = settings;
  const isBusy = lanes.some(({ scheduler }) => scheduler.active.size > 0);
  if (seconds === 0 || !(isBusy || evenIdle)) return;
  await sleep(seconds * 1000, undefined, now === undefined ? {} : { signal: now }).catch(() => undefined);
}

/** Tells all tasks to stop. Those that were acknowledged before they ran are lost, which their callers learn as in Celery. */
async function abortActive({ lanes, settler, events }: Parts): Promise<void> {
  const active = lanes.flatMap(({ scheduler }) => [...scheduler.active]);
  for (const { scheduler } of lanes) scheduler.abortActive(new Error("The worker is shutting down."));
  for (const job of active) events.cancelled(job);
  const cancelled = exceptionDocument("celery.exceptions", "Retry", "cancelled by Celery");
  const lost = active.filter(({ acksLate }) => !acksLate);
  await Promise.allSettled(lost.map((job) => settler.storeState(job, "RETRY", cancelled)));
}

/** Resolves when the signal is aborted; never without one. */
function whenAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

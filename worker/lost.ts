/**
 * Tasks whose process died. One that may run again is sent once more with its deliveries counted, and becomes a dead
 * letter when no process survives it; the others fail with WorkerLostError.
 */
import { type App, TASK_DEFAULTS } from "../app/index.ts";
import type { ExceptionDocument } from "../protocol/index.ts";
import { lostTooOften, MAX_DELIVERIES, previousDeliveries } from "./deliveries.ts";
import type { EventSender } from "./events.ts";
import type { Refusal } from "./intake.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";
import type { Refuser } from "./refuse.ts";
import type { Sender } from "./sender.ts";
import type { Settler } from "./settle.ts";

export interface LostHandlerOptions {
  readonly app: App;
  readonly settler: Settler;
  readonly refuser: Refuser;
  readonly events: EventSender;
  readonly sender: Sender;
}

/** The end of a job that no worker survived. */
export function lostRefusal({ delivery, request }: Job, times: number): Refusal {
  const [reason, exception] = lostTooOften(times);
  const { id: taskId, task: taskName, replyTo } = request;
  return { delivery, code: "worker_lost", reason, exception, taskId, taskName, replyTo };
}

/** The retry of a lost task, or its failure when none is left. Source: celery/worker/request.py `_retry_worker_lost`. */
function retryOf({ request, task }: Job, exception: ExceptionDocument): Outcome {
  const { maxRetries = TASK_DEFAULTS.maxRetries, defaultRetryDelay = TASK_DEFAULTS.defaultRetryDelay } =
    task.options;
  if (maxRetries !== null && request.retries >= maxRetries)
    return { state: "FAILURE", exception, traceback: null };
  const etaMs = Date.now() + defaultRetryDelay * 1000;
  return { state: "RETRY", exception, traceback: null, etaMs, retries: request.retries + 1 };
}

/** Takes over a lost task. */
export type LostHandler = (job: Job, outcome: Extract<Outcome, { state: "LOST" }>) => void;

export function createLostHandler({
  app,
  settler,
  refuser,
  events,
  sender,
}: LostHandlerOptions): LostHandler {
  const giveUp = (job: Job, times: number): void => {
    const refusal = lostRefusal(job, times);
    events.refused(refusal);
    refuser.refuse(refusal);
  };

  return (job, { exception }) => {
    const { retryOnWorkerLost = app.settings.taskRetryOnWorkerLost } = job.task.options;
    if (retryOnWorkerLost) {
      const outcome = retryOf(job, exception);
      return settler.settle(job, outcome, () => events.ended(job, outcome));
    }
    const mayRunAgain = job.task.options.rejectOnWorkerLost ?? app.settings.taskRejectOnWorkerLost;
    if (!job.acksLate || !mayRunAgain) {
      const outcome: Outcome = { state: "FAILURE", exception, traceback: null };
      settler.settle(job, outcome, () => events.ended(job, outcome));
      return;
    }
    const count = previousDeliveries(job.delivery) + 1;
    if (count >= MAX_DELIVERIES) return giveUp(job, count);
    events.requeued(job);
    sender.sendAgain(job.delivery, count);
  };
}

/**
 * Tasks whose process died. One that may run again is sent once more with its deliveries counted, and becomes a dead
 * letter when no process survives it; the others fail with WorkerLostError.
 */
import type { App } from "../app/index.ts";
import { lostTooOften, MAX_DELIVERIES, previousDeliveries, withDeliveryCount } from "./deliveries.ts";
import type { EventSender } from "./events.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";
import type { Refuser } from "./refuse.ts";
import type { SealCheck } from "./seal-check.ts";
import type { Settler } from "./settle.ts";

export interface LostHandlerOptions {
  readonly app: App;
  readonly settler: Settler;
  readonly refuser: Refuser;
  readonly events: EventSender;
  /** undefined: seals are not looked at. */
  readonly sealCheck: SealCheck | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export interface LostHandler {
  /** Takes over a lost task. */
  lost(job: Job, outcome: Extract<Outcome, { state: "LOST" }>): void;
  /** Resolves when everything taken over is dealt with. */
  idle(): Promise<void>;
}

export function createLostHandler(options: LostHandlerOptions): LostHandler {
  const { app, settler, refuser, events, onWarning } = options;
  const running = new Set<Promise<void>>();

  const giveUp = (job: Job, times: number): void => {
    const [reason, exception] = lostTooOften(times);
    const { id: taskId, task: taskName, replyTo } = job.request;
    const { delivery } = job;
    const refusal = { delivery, code: "worker_lost", reason, exception, taskId, taskName, replyTo } as const;
    events.refused(refusal);
    refuser.refuse(refusal);
  };

  const runAgain = (job: Job, count: number): void => {
    events.requeued(job);
    const sending = sendAgain(job, count, options).catch((error: unknown) => {
      onWarning(`Task ${job.request.id} could not be sent again; it goes back to its queue`, error);
      job.delivery.reject({ requeue: true });
    });
    running.add(sending);
    void sending.finally(() => running.delete(sending));
  };

  return {
    lost(job, { exception }) {
      const mayRunAgain = job.task.options.rejectOnWorkerLost ?? app.settings.taskRejectOnWorkerLost;
      if (!job.acksLate || !mayRunAgain) {
        const outcome: Outcome = { state: "FAILURE", exception, traceback: null };
        settler.settle(job, outcome, () => events.ended(job, outcome));
        return;
      }
      const count = previousDeliveries(job.delivery) + 1;
      if (count < MAX_DELIVERIES) runAgain(job, count);
      else giveUp(job, count);
    },
    async idle() {
      await Promise.all(running);
    },
  };
}

/** Sends the message to its queue once more, and then forgets this delivery of it. */
async function sendAgain(
  { delivery }: Job,
  count: number,
  { app, sealCheck }: LostHandlerOptions,
): Promise<void> {
  if (delivery.message === undefined) return;
  const connection = await app.connection();
  const message = withDeliveryCount(delivery.message, count);
  // It goes out with the seal that it came with.
  await sealCheck?.released(delivery);
  await connection.publish(message, { exchange: "", routingKey: delivery.queue });
  delivery.ack();
}

/** Ends a task whose message the broker has taken back. Source: celery/worker/consumer/consumer.py, request.py `cancel`. */
import type { Job } from "./job.ts";
import { exceptionDocument } from "./outcome.ts";
import type { Worker } from "./worker.ts";

/** Its state is RETRY until it runs again; the message itself is out of reach, and needs no answer. */
export function cancelLost(job: Job, worker: Worker): void {
  const { parts } = worker;
  if (parts === undefined) return;
  const exception = exceptionDocument("celery.exceptions", "Retry", "cancelled by Celery");
  const { id, task } = job.request;
  worker.warn(`Task ${task}[${id}] is ended: the connection that brought it was lost, so it will run again`);
  parts.events.cancelled(job);
  parts.settler.storeState(job, "RETRY", exception).catch((error: unknown) => {
    worker.warn(`That ${id} was ended could not be stored`, error);
  });
  const reason = new Error("The connection to the broker was lost.");
  worker.endByForce(job, { state: "REJECTED", requeue: true, exception }, reason);
}

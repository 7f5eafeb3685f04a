/**
 * Messages that two workers did not survive. Whatever a worker holds dies with it, so most of them only stood beside the
 * cause: a worker keeps one at a time, with none beside it that was handed out before, and sends the others on. So the
 * next death finds one that could be the cause.
 */
import { MAX_DELIVERIES, previousDeliveries } from "./deliveries.ts";
import type { Job } from "./job.ts";
import type { Sender } from "./sender.ts";

export class Suspects {
  readonly #sender: Sender;
  /** Jobs in hand whose message was handed out before, the oldest first. */
  readonly #known = new Set<Job>();
  /** The latest that was let in; it is here while it is known. */
  #suspect: Job | undefined;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Answers whether the job was sent on, because of others that are here. */
  defer(job: Job): boolean {
    const count = previousDeliveries(job.delivery);
    if (count === 0) return false;
    this.#forgetLost();
    const isSuspect = count >= MAX_DELIVERIES - 1;
    const mustWait = isSuspect
      ? this.#known.size > 0
      : this.#suspect !== undefined && this.#known.has(this.#suspect);
    if (mustWait) {
      this.#sender.sendLater(job.delivery, count);
      return true;
    }
    this.#known.add(job);
    if (isSuspect) this.#suspect = job;
    return false;
  }

  /** The job has ended, whatever came of it. */
  ended(job: Job): void {
    this.#known.delete(job);
  }

  /** What came by a connection that has ended is with others now, and may never end here. */
  #forgetLost(): void {
    for (const known of this.#known) {
      if (!known.delivery.lost) return;
      this.#known.delete(known);
    }
  }
}

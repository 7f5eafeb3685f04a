/**
 * Messages that two workers did not survive. Whatever a worker holds dies with it, so most of them only stood beside the
 * cause: a worker keeps one at a time, with none beside it that was handed out before, and sends the others on before it
 * starts that one. For a while it takes nothing more, because what is on its way when it dies is counted too. So the
 * next death finds one that could be the cause.
 */
import { MAX_DELIVERIES, previousDeliveries } from "./deliveries.ts";
import type { Job } from "./job.ts";
import type { Sender } from "./sender.ts";

/** What came together with a suspect, or in the same moment, has been sent on by then. */
const QUIET_MS = 1000;
/** A task that has not killed its worker by then may run for hours, and others must not wait so long. */
const ALONE_MS = 30_000;

export class Suspects {
  readonly #sender: Sender;
  readonly #onChange: () => void;
  /** Jobs in hand whose message was handed out before, the oldest first. */
  readonly #known = new Set<Job>();
  /** The latest that was let in; it is here while it is known. */
  #suspect: Job | undefined;
  #alone: NodeJS.Timeout | undefined;

  /** `onChange` is called when {@link isAlone} has changed. */
  constructor(sender: Sender, onChange: () => void) {
    this.#sender = sender;
    this.#onChange = onChange;
  }

  /** Whether the worker must not take more messages. */
  get isAlone(): boolean {
    return this.#alone !== undefined;
  }

  /** In how many milliseconds the job may start; undefined when it was sent on, because of others that are here. */
  admit(job: Job): number | undefined {
    const count = previousDeliveries(job.delivery);
    if (count === 0) return 0;
    this.#forgetLost();
    const isSuspect = count >= MAX_DELIVERIES - 1;
    const mustWait = isSuspect
      ? this.#known.size > 0
      : this.#suspect !== undefined && this.#known.has(this.#suspect);
    if (mustWait) {
      this.#sender.sendLater(job.delivery, count);
      return undefined;
    }
    this.#known.add(job);
    if (!isSuspect) return 0;
    this.#suspect = job;
    clearTimeout(this.#alone);
    this.#alone = setTimeout(() => this.#release(), ALONE_MS).unref();
    this.#onChange();
    return QUIET_MS;
  }

  /** The job has ended, whatever came of it. */
  ended(job: Job): void {
    this.#known.delete(job);
    if (job === this.#suspect && this.isAlone) this.#release();
  }

  #release(): void {
    clearTimeout(this.#alone);
    this.#alone = undefined;
    this.#onChange();
  }

  /** What came by a connection that has ended is with others now, and may never end here. */
  #forgetLost(): void {
    for (const known of this.#known) {
      if (!known.delivery.lost) return;
      this.#known.delete(known);
    }
  }
}

/**
 * Messages that workers did not survive. Whatever a worker holds dies with it, so most of them only stood beside the
 * cause. After two deaths a message is a suspect: a worker keeps one at a time, with none beside it that was handed out
 * before, and sends the others on. Before it starts, that is noted with its state; so whoever meets it after a third death
 * knows whether it was running, or was on its way only.
 */
import type { ResultBackend } from "../backends/index.ts";
import type { Awaitable } from "../codecs/index.ts";
import { isPlainObject } from "../protocol/index.ts";
import { MAX_DELIVERIES, previousDeliveries } from "./deliveries.ts";
import type { Job } from "./job.ts";
import type { Sender } from "./sender.ts";

/** Deliveries after which a message is given up though it never ran as a suspect: perhaps reading it is what kills. */
const MAX_UNPROVEN = 10;

export interface SuspectsOptions {
  readonly sender: Sender;
  /** undefined: nothing is kept, and every suspect that comes a third time is the cause. */
  readonly backend: ResultBackend | undefined;
  /** Stores STARTED with this note. */
  readonly storeStarted: (job: Job, note: object) => Promise<void>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** What becomes of a job: it goes on, it was given to others, or it is given up. */
export type Admission = "start" | "sent on" | "give up";

export class Suspects {
  readonly #options: SuspectsOptions;
  /** Jobs in hand whose message was handed out before, the oldest first. */
  readonly #known = new Set<Job>();
  /** The latest that was let in; it is here while it is known. */
  #suspect: Job | undefined;

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  /** Whether it runs as a suspect, which its stored state says. */
  has(job: Job): boolean {
    return job === this.#suspect;
  }

  admit(job: Job): Awaitable<Admission> {
    const count = previousDeliveries(job.delivery);
    if (count === 0) return "start";
    return count < MAX_DELIVERIES ? this.#place(job, count) : this.#judge(job, count);
  }

  async #judge(job: Job, count: number): Promise<Admission> {
    return count >= MAX_UNPROVEN || (await this.#wasRunning(job)) ? "give up" : this.#place(job, count);
  }

  #place(job: Job, count: number): Awaitable<Admission> {
    this.#forgetLost();
    const isSuspect = count >= MAX_DELIVERIES - 1;
    const mustWait = isSuspect
      ? this.#known.size > 0
      : this.#suspect !== undefined && this.#known.has(this.#suspect);
    if (mustWait) {
      this.#options.sender.sendLater(job.delivery, count);
      return "sent on";
    }
    this.#known.add(job);
    if (!isSuspect) return "start";
    this.#suspect = job;
    return this.#note(job);
  }

  async #note(job: Job): Promise<Admission> {
    await this.#options.storeStarted(job, { suspect: true }).catch((error: unknown) => {
      this.#options.onWarning(`That ${job.request.id} is a suspect could not be stored`, error);
    });
    return "start";
  }

  /** Whether a suspect was started; where nobody can know, it was. */
  async #wasRunning({ request, ignoreResult }: Job): Promise<boolean> {
    const { backend, onWarning } = this.#options;
    if (backend === undefined || !backend.shared || ignoreResult) return true;
    try {
      const found = await backend.get(request.id);
      return found?.status === "STARTED" && isPlainObject(found.result) && found.result["suspect"] === true;
    } catch (error) {
      onWarning(`Whether ${request.id} was started as a suspect could not be read`, error);
      return false;
    }
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

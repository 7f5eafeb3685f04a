/** Publishing ends in time, whatever the broker and its driver do. */
import { BrokerError } from "../protocol/index.ts";

/** Part of `taskPublishDeadline` that waiting for a connection may take: what then fails has a reason of its own. */
export const CONNECTION_PART = 0.9;
/** Part of `taskPublishDeadline` that publishing may take in all; the rest is for the caller's own answer. */
const PUBLISH_PART = 0.95;

interface Publishing {
  readonly id: string;
  readonly deadlineMs: number;
  readonly reject: (error: Error) => void;
}

/** One timer for all: each has the same time, so deadlines come in the order of the calls. */
export class PublishDeadlines {
  readonly #limitMs: number;
  /** The oldest first. */
  readonly #publishing = new Set<Publishing>();
  #timer: NodeJS.Timeout | undefined;

  /** `taskPublishDeadline` in seconds. */
  constructor(deadlineSeconds: number) {
    this.#limitMs = deadlineSeconds * PUBLISH_PART * 1000;
  }

  /** Ends as `published` does, or rejects with BrokerError `broker_unconfirmed` when that takes too long. */
  watch(id: string, published: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const publishing = { id, reject, deadlineMs: performance.now() + this.#limitMs };
      this.#publishing.add(publishing);
      if (this.#timer === undefined) this.#arm();
      published.then(
        () => {
          this.#publishing.delete(publishing);
          resolve();
        },
        (error: unknown) => {
          this.#publishing.delete(publishing);
          reject(error);
        },
      );
    });
  }

  /** For the oldest; when that has ended by then, it looks for the next. */
  #arm(): void {
    const [oldest] = this.#publishing;
    if (oldest === undefined) return;
    this.#timer = setTimeout(() => this.#look(), oldest.deadlineMs - performance.now());
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const publishing of this.#publishing) {
      if (publishing.deadlineMs > nowMs) break;
      this.#publishing.delete(publishing);
      publishing.reject(this.#tooLate(publishing));
    }
    this.#arm();
  }

  #tooLate({ id }: Publishing): BrokerError {
    const message = `The broker has not confirmed task ${id} within ${this.#limitMs / 1000} s; it may have it.`;
    return new BrokerError("broker_unconfirmed", message);
  }
}

/**
 * What a task throws to end in another way than success or failure. Celery has these as exceptions too
 * (celery/exceptions.py).
 */
import type { Signature } from "../protocol/index.ts";

/** Run the task again later. Made by `self.retry()`; throw what it returns. */
export class Retry extends Error {
  override readonly name = "Retry";
  /** Why, for the RETRY result and for the failure when no retry is left. */
  readonly reason: Error | undefined;
  /** When to run again, in milliseconds since 1970. */
  readonly etaMs: number;
  /** Number of the coming retry, 1 for the first. */
  readonly retries: number;

  constructor(
    message: string,
    facts: { readonly reason?: Error | undefined; readonly etaMs: number; readonly retries: number },
  ) {
    super(message);
    this.reason = facts.reason;
    this.etaMs = facts.etaMs;
    this.retries = facts.retries;
  }
}

/** No retry is left. */
export class MaxRetriesExceededError extends Error {
  override readonly name = "MaxRetriesExceededError";
}

/** The soft time limit has passed: the reason of the aborted signal. Throwing it on ends the task as Celery ends it. */
export class SoftTimeLimitExceeded extends Error {
  override readonly name = "SoftTimeLimitExceeded";

  /** Seconds that have passed, or the message of one made in another process. */
  constructor(limit: number | string) {
    super(typeof limit === "string" ? limit : `The soft time limit of ${limit} s has passed.`);
  }
}

/** Another call or canvas takes this task's place: its last result is this task's. Made by `self.replace()`; throw what it returns. */
export class Replace extends Error {
  override readonly name = "Replace";
  readonly signature: Signature;

  constructor(signature: Signature) {
    super(`Replaced by ${signature.task}`);
    this.signature = signature;
  }
}

/** End without a result: the state stays what it was. */
export class Ignore extends Error {
  override readonly name = "Ignore";
}

/** Hand the message back to the broker: to its dead-letter exchange, or with `requeue` to the queue. */
export class Reject extends Error {
  override readonly name = "Reject";
  readonly requeue: boolean;

  constructor(reason: string, options: { readonly requeue?: boolean } = {}) {
    super(reason);
    this.requeue = options.requeue ?? false;
  }
}

/** One event for one target, with what came of it: an entry of the log. */

export type DeliveryStatus = "pending" | "delivered" | "failed";

/** Why nothing more is tried. */
export type GivenUpBecause =
  | "attempts-used-up"
  | "gone"
  | "endpoint-disabled"
  | "endpoint-removed"
  | "not-sendable";

export interface Attempt {
  readonly attempt: number;
  readonly atMs: number;
  /** How long it took. */
  readonly ms: number;
  /** Of the answer, when there was one. */
  readonly status?: number;
  /** Why there was none, or why it does not count. */
  readonly error?: string;
  /** The beginning of the answer's body. */
  readonly answer?: string;
}

export interface Delivery {
  /** The `webhook-id`: the same for every attempt. */
  readonly id: string;
  readonly taskId: string;
  readonly task: string;
  readonly type: string;
  /** The registered endpoint; its URL is looked up for each attempt. */
  readonly endpoint?: string;
  /** Where it was sent to last, or is to be sent. */
  readonly url: string;
  readonly contentType: string;
  readonly status: DeliveryStatus;
  readonly reason?: GivenUpBecause;
  /** The newest ones. */
  readonly attempts: readonly Attempt[];
  /** How many there were, over all redeliveries. */
  readonly attempted: number;
  /** Tries since it was made or asked for again. */
  readonly tries: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** null when nothing more is tried. */
  readonly nextAtMs: number | null;
}

/** Attempts that the log keeps. */
export const MAX_ATTEMPTS_KEPT = 20;

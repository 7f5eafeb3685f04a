/**
 * The seam that remembers which seals were used. A nonce is `started` when its message is taken and `done` when that is
 * acknowledged; what this means for a message is decided by the worker, stores only keep it (docs/sealed-headers.md).
 */

/** A nonce to note as started. */
export interface NonceClaim {
  /** The nonce, or nonce and queue: see {@link nonceName}. */
  readonly name: string;
  /** Until when it must be kept, milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** Random and new for every delivery: tells this claim, when it is tried again, from another one of the same nonce. */
  readonly token: string;
}

/**
 * What was noted before: `new` for nothing, or this very claim; `forgotten` when the store had to forget nonces that
 * expire as early as this one, so that nobody can tell.
 */
export type NonceState = "new" | "started" | "done" | "forgotten";

/** Calls reject with BackendError `backend_unavailable` when the store cannot be reached, and may then be repeated. */
export interface NonceStore {
  readonly name: string;
  /** Notes as started what was not noted; resolves with what was noted before, in the order of the claims. */
  claim(claims: readonly NonceClaim[]): Promise<readonly NonceState[]>;
  /** Notes as done. */
  done(claims: readonly NonceClaim[]): Promise<void>;
  /** Forgets: their messages were refused before they ran, and may come again. */
  release(claims: readonly NonceClaim[]): Promise<void>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** What stores write: done, or who started it. Anything that is not `done` reads as started. */
export const NONCE_DONE = "done";

export function nonceStartedBy({ token }: NonceClaim): string {
  return `started:${token}`;
}

/** What a stored text says to a claim that has just been noted if there was nothing. */
export function nonceStateOf(stored: string, claim: NonceClaim): NonceState {
  if (stored === NONCE_DONE) return "done";
  return stored === nonceStartedBy(claim) ? "new" : "started";
}

/**
 * The name that a nonce is noted under. A seal for the queue that it was read from can only be used there; one without
 * counts on each queue by itself, because an exchange may have put a copy on several.
 */
export function nonceName(nonce: string, sealedFor: string | undefined, queue: string): string {
  return sealedFor === queue ? nonce : `${nonce}:${queue}`;
}

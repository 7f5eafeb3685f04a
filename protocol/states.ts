/**
 * Task states and their order. Source: celery/states.py of 5.7.
 */

/** States that Celery itself writes, from the highest precedence to the lowest; custom states rank between FAILURE and REVOKED. */
export const STATE_PRECEDENCE = [
  "SUCCESS",
  "FAILURE",
  null,
  "REVOKED",
  "STARTED",
  "RECEIVED",
  "REJECTED",
  "RETRY",
  "PENDING",
] as const;

/** A state of Celery's own; tasks may also set any other string. */
export type TaskState = Exclude<(typeof STATE_PRECEDENCE)[number], null>;

const READY: ReadonlySet<string> = new Set(["SUCCESS", "FAILURE", "REVOKED"]);
const EXCEPTION: ReadonlySet<string> = new Set(["RETRY", "FAILURE", "REVOKED"]);
const PROPAGATE: ReadonlySet<string> = new Set(["FAILURE", "REVOKED"]);
const CUSTOM_RANK = STATE_PRECEDENCE.indexOf(null);

/** True when the task will not change state again. */
export function isReady(state: string): boolean {
  return READY.has(state);
}

/** True when the document's `result` is an exception. */
export function isException(state: string): boolean {
  return EXCEPTION.has(state);
}

/** True when reading the result raises. */
export function isPropagated(state: string): boolean {
  return PROPAGATE.has(state);
}

/** Rank of a state, 0 the highest; every custom state has the same rank. */
export function precedence(state: string): number {
  const rank = (STATE_PRECEDENCE as readonly (string | null)[]).indexOf(state);
  return rank === -1 ? CUSTOM_RANK : rank;
}

/** True when an event carrying `next` may overwrite `current` (celery/events/state.py: only RETRY may regress). */
export function mayReplace(current: string, next: string): boolean {
  return current === "RETRY" || next === "RETRY" || precedence(next) <= precedence(current);
}

/** What states and errors mean: a colour, and plain words. */
import { fullTime } from "./time.ts";

/** The colours that things may have; each has a class in styles/parts.css. */
export type Tone = "good" | "bad" | "running" | "retrying" | "waiting" | "gone" | "quiet";

const TONES: Readonly<Record<string, Tone>> = {
  SCHEDULED: "waiting",
  PENDING: "waiting",
  RECEIVED: "waiting",
  STARTED: "running",
  RETRY: "retrying",
  SUCCESS: "good",
  FAILURE: "bad",
  LOST: "bad",
  REVOKED: "gone",
  REJECTED: "gone",
};

const STATES: Readonly<Record<string, string>> = {
  PENDING:
    "The broker has the task, and no worker has reported on it. If it stays so, no worker may be consuming its queue.",
  SCHEDULED: "The gateway keeps the task until another one with its dedupe key has ended.",
  LOST: "The task was accepted, and for a long time nothing was heard of it: its message may be lost. Should a worker report on it after all, that counts.",
  RECEIVED: "A worker has taken the task, and will start it when it has room.",
  STARTED: "A worker is running the task.",
  RETRY: "The task failed and will be tried again.",
  SUCCESS: "The task has ended and returned a result.",
  FAILURE: "The task has ended with an error.",
  REVOKED: "The task was revoked, or expired, and will not be run.",
  REJECTED: "The worker handed the message back without a result.",
};

const ERRORS: Readonly<Record<string, string>> = {
  NotRegistered:
    "The worker that took the task has no task of this name. Check the spelling, and that a worker which has it consumes this queue.",
  TypeError: "Most often the arguments do not fit the task: too few, too many, or of the wrong type.",
  TimeLimitExceeded: "The task ran longer than its hard time limit, and its worker stopped it.",
  SoftTimeLimitExceeded: "The task ran longer than its soft time limit, and did not handle the warning.",
  WorkerLostError:
    "The process that ran the task died: out of memory, killed, or crashed. The worker's log may tell why.",
  MaxRetriesExceededError: "The task was tried again as often as it may be, and failed every time.",
  TaskRevokedError: "The task was not run: it was revoked, or it had expired before a worker came to it.",
  DecodeError: "The worker could not read the message, and keeps it with its dead letters.",
  Reject: "The task handed its message back without a result.",
};

/** States that the list can be filtered by. */
export const KNOWN_STATES: readonly string[] = Object.keys(TONES);

/** The colour of a state; states of a task's own count as running. */
export function toneOf(state: string): Tone {
  return (Object.hasOwn(TONES, state) ? TONES[state] : undefined) ?? "running";
}

/** What a failure most likely means, by the error's type. */
export function explainError(type: string): string {
  const known = Object.hasOwn(ERRORS, type) ? ERRORS[type] : undefined;
  return (
    known ??
    "The code of the task raised this error. The task's own documentation, or its author, can say more."
  );
}

/** What of a task says what its state means. */
export interface Explained {
  readonly state: string;
  readonly eta?: string;
  readonly ignore_result?: boolean;
}

/** What a state means. */
export function explainState({ state, eta, ignore_result: isIgnored }: Explained): string {
  if (isIgnored) return "The task was sent with ignore_result, so nobody will report what becomes of it.";
  const isWaiting = state === "PENDING" || state === "SCHEDULED";
  if (isWaiting && eta !== undefined && Date.parse(eta) > Date.now())
    return `The task waits for its time, ${fullTime(eta)}.`;
  return (
    (Object.hasOwn(STATES, state) ? STATES[state] : undefined) ??
    "The task is running, and says how far it is."
  );
}

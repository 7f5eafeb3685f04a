/** What states and errors mean, in plain words. */

const ERRORS = {
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

const STATES = {
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
};

/** What a failure most likely means. */
export function explainError({ type }) {
  if (Object.hasOwn(ERRORS, type)) return ERRORS[type];
  return "The code of the task raised this error. The task's own documentation, or its author, can say more.";
}

/** What a state means. */
export function explainState(task) {
  if (task.ignore_result)
    return "The task was sent with ignore_result, so nobody will report what becomes of it.";
  if (
    ["PENDING", "SCHEDULED"].includes(task.state) &&
    task.eta !== undefined &&
    Date.parse(task.eta) > Date.now()
  ) {
    return `The task waits for its time, ${new Date(task.eta).toLocaleString()}.`;
  }
  return Object.hasOwn(STATES, task.state)
    ? STATES[task.state]
    : "The task is running, and says how far it is.";
}

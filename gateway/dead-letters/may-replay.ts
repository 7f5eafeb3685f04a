/** Whether a caller may have a dead letter sent again: whoever replays a task submits it. */
import { type DeadLetter, originalMessage } from "../../app/index.ts";
import type { Caller } from "../access/caller.ts";
import { Problem } from "../problems.ts";
import type { QueueBook } from "../queues/queue-book.ts";

/** Throws Problem `task-forbidden` and `queue-forbidden`, and ConfigurationError for what never was a message. */
export function requireReplayable(caller: Caller, queues: QueueBook, letter: DeadLetter): void {
  const { task } = originalMessage(letter).headers;
  // A message of protocol 1 has its name in the body: only who may send every task may send that.
  if (!caller.maySubmit(typeof task === "string" ? task : "")) throw new Problem("task-forbidden");
  // The letter says itself where it came from.
  if (!queues.isOpenTo(caller, letter.queue)) throw new Problem("queue-forbidden");
}

/** What never was a message is not forbidden: it fails when it is sent. */
export function mayReplay(caller: Caller, queues: QueueBook, letter: DeadLetter): boolean {
  try {
    requireReplayable(caller, queues, letter);
    return true;
  } catch (error) {
    return !(error instanceof Problem);
  }
}

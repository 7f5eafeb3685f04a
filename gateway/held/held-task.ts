/** A task that the gateway keeps until it is due, as it lies in the store. */
import type { SendOptions } from "../../app/index.ts";
import { isPlainObject, parseJson } from "../../protocol/index.ts";
import type { TaskEntry } from "../task-index.ts";
import { writeJson } from "../task-view.ts";

export interface HeldTask {
  readonly task: string;
  /** As the index has it, which forgets tasks that are held for long. */
  readonly entry: TaskEntry;
  /** As the app takes them, without a time to start. Its own id is among them. */
  readonly options: SendOptions & { readonly taskId: string };
  /** Not before this task has ended. */
  readonly after?: string;
  /** Milliseconds since 1970: when `after` counts no more. */
  readonly afterUntilMs?: number;
}

/** What the gateway wrote itself nests as deep as a request may. */
const MAX_DEPTH = 1000;

export function writeHeldTask(held: HeldTask): string {
  return writeJson(held);
}

/** The gateway's own text: what is in it, it wrote. */
export function readHeldTask(text: string): HeldTask {
  const value = parseJson(text, { maxDepth: MAX_DEPTH, revive: undefined, code: "bad_body" });
  if (!isPlainObject(value)) throw new Error("A held task is not an object.");
  return value as unknown as HeldTask;
}

/** Finds the task that a path names, and waits for it when the caller prefers to. */
import { isReady, type ResultDocument } from "../protocol/index.ts";
import { maySee } from "./access/visibility.ts";
import type { GatewayContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { readPreference } from "./prefer.ts";
import { Problem } from "./problems.ts";
import { TASK_ID_PATTERN } from "./schema-parts.ts";
import type { TaskEntry } from "./task-index.ts";
import type { KnownTask } from "./task-text.ts";

/** What task ids are made of. */
export const TASK_ID: RegExp = new RegExp(TASK_ID_PATTERN);

/** Throws Problem `bad-id`, `unknown-task`, or `task-expired` for one that has ended and whose result is gone. */
export async function findTask(
  exchange: Exchange,
  { tracker, heldTasks, app, losses }: GatewayContext,
): Promise<KnownTask> {
  const id = exchange.param("id");
  if (!TASK_ID.test(id)) throw new Problem("bad-id");
  const [document, known] = await Promise.all([tracker.read(id), tracker.find(id)]);
  // Asked for the task of somebody else as well, so that it takes as long as one that never was.
  const found = known !== undefined && maySee(exchange.caller, known) ? known : await heldTasks.find(id);
  const entry = found === undefined || document !== undefined ? found : losses.judge(found);
  if (!maySee(exchange.caller, entry)) throw new Problem("unknown-task", { members: { id } });
  if (document !== undefined) tracker.saw(document, entry);
  else if (entry === undefined) throw new Problem("unknown-task", { members: { id } });
  else if (isReady(entry.state) && app.keepsResults && mayHaveResult(entry))
    throw new Problem("task-expired", { members: { id } });
  return { id, document, entry };
}

/** The end of others may be known from events alone. */
function mayHaveResult({ ignoreResult, origin }: TaskEntry): boolean {
  return !ignoreResult && origin !== "observed";
}

/** True when waiting for the task can bring anything. */
export function isWaitable({ document, entry }: KnownTask, { app }: GatewayContext): boolean {
  return (
    app.keepsResults && entry?.ignoreResult !== true && !(document !== undefined && isReady(document.status))
  );
}

/** A task after the wait that the caller preferred, if any. */
export interface AwaitedTask {
  readonly task: KnownTask;
  /** For Preference-Applied. */
  readonly applied: string | undefined;
}

/** Waits as long as the caller prefers, for a document that `until` takes or the end of the task. */
export async function awaitTask(
  exchange: Exchange,
  gateway: GatewayContext,
  task: KnownTask,
  until?: (document: ResultDocument) => boolean,
): Promise<AwaitedTask> {
  const { waitSeconds, applied } = readPreference(exchange.req.headers["prefer"], gateway.waitMaxSeconds);
  if (waitSeconds === 0 || !isWaitable(task, gateway)) return { task, applied };
  const wait = await gateway.waits.begin(exchange, task.id, waitSeconds, until);
  const document = (await wait.done) ?? (await gateway.tracker.read(task.id));
  if (document === undefined) return { task, applied };
  gateway.tracker.saw(document, task.entry);
  return { task: { ...task, document }, applied };
}

/** Answers a caller who sends a task: 202 with its id, or 200 with its end. */
import type { ResultDocument } from "../protocol/index.ts";
import type { AcceptedTask } from "./accept-task.ts";
import { acceptedAnswer } from "./accepted-answer.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { GatewayContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { acceptOnce } from "./idempotency/accept-once.ts";
import type { FirstRun } from "./idempotency/idempotency.ts";
import type { TaskRequest } from "./plan-task.ts";
import { type Preference, readPreference } from "./prefer.ts";
import { Problem } from "./problems.ts";
import type { TaskEntry } from "./task-index.ts";
import { type KnownTask, taskText } from "./task-text.ts";
import { taskLinks } from "./task-view.ts";
import type { Wait } from "./waits.ts";

/**
 * Publishes the task and answers: 202 once the broker has confirmed it, or 200 with the result when the caller prefers to
 * wait and it ends in time. The wait begins before the task is published, so that no task is too fast to be seen.
 */
export async function submit(
  exchange: Exchange,
  gateway: GatewayContext,
  request: TaskRequest,
  run?: FirstRun,
): Promise<Answer> {
  const { app, waits } = gateway;
  const preference = readPreference(exchange.req.headers["prefer"], gateway.waitMaxSeconds);
  let wait = undefined as Wait | undefined;
  const beginWait = async ({ id, ignoreResult }: TaskEntry): Promise<void> => {
    if (!ignoreResult) wait = await waits.begin(exchange, id, preference.waitSeconds);
  };
  let task: AcceptedTask;
  try {
    const mayWait = preference.waitSeconds > 0 && app.keepsResults;
    task = await acceptOnce(exchange, gateway, request, run, mayWait ? { beforeSend: beginWait } : {});
  } catch (error) {
    wait?.cancel();
    throw error;
  }
  const { entry } = task;
  const more = moreHeaders(exchange, gateway, entry, preference);
  if (!task.isNew) return duplicate(exchange, entry, more);
  const document = wait === undefined ? undefined : await endOf(wait, gateway, entry);
  if (document === undefined) return acceptedAnswer(exchange, entry, more);
  gateway.tracker.saw(document, entry);
  const headers = { location: taskLinks(entry.id, exchange.base).self, ...more };
  return jsonAnswer(200, finalText(exchange, gateway, { id: entry.id, document, entry }), headers);
}

/** undefined when it does not end in time, or cannot be seen: the task is on its way all the same, and the caller must learn its id. */
async function endOf(
  wait: Wait,
  { logger }: GatewayContext,
  { id }: TaskEntry,
): Promise<ResultDocument | undefined> {
  try {
    return await wait.done;
  } catch (error) {
    logger.warn({ err: error, taskId: id }, "A result could not be waited for");
    return undefined;
  }
}

/** Headers beside the task's location; undefined for none. */
function moreHeaders(
  { base }: Exchange,
  { taskTypes }: GatewayContext,
  { task }: TaskEntry,
  { applied }: Preference,
): Record<string, string> | undefined {
  const isDeprecated = taskTypes.isDeprecated(task);
  if (applied === undefined && !isDeprecated) return undefined;
  return {
    ...(applied === undefined ? {} : { "preference-applied": applied }),
    ...(isDeprecated ? { link: `<${base}/v1/task-types/${task}>; rel="deprecation"` } : {}),
  };
}

function duplicate(
  { base }: Exchange,
  { id, task }: TaskEntry,
  headers: Readonly<Record<string, string>> | undefined,
): Answer {
  const links = taskLinks(id, base);
  const text = JSON.stringify({ deduplicated: true, id, task, links });
  return jsonAnswer(200, text, { location: links.self, ...headers });
}

/** A result without a JSON form must not hide the id of a task that ran. */
function finalText(exchange: Exchange, gateway: GatewayContext, task: KnownTask): string {
  try {
    return taskText(exchange, gateway, task);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { id } = task;
    const { self } = taskLinks(id, exchange.base);
    throw new Problem(error.type, { ...error.options, members: { id }, headers: { location: self } });
  }
}

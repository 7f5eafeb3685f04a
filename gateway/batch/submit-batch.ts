/** Sends many tasks: each by itself, or all or none. */
import { acceptTask, type TaskRequest } from "../accept-task.ts";
import { type Answer, jsonAnswer } from "../answer.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { toProblem } from "../http-status.ts";
import type { FirstRun } from "../idempotency/idempotency.ts";
import { checkIdempotencyKey } from "../idempotency/idempotency-key.ts";
import { uuidOf } from "../idempotency/name-uuid.ts";
import { prefersStrict } from "../prefer.ts";
import { PROBLEMS, Problem, problemMembers } from "../problems.ts";
import { writeJson } from "../task-view.ts";
import { createValidator } from "../validate.ts";

/** A task of a batch, once its schema has accepted it. */
interface BatchTask extends TaskRequest {
  readonly idempotency_key?: string;
}

/** What became of one task. */
interface BatchItem {
  readonly status: number;
  readonly id?: string;
  readonly task?: string;
  readonly deduplicated?: true;
  readonly replayed?: true;
  readonly problem?: object;
}

const validate = createValidator("BatchTask");
/** Tasks that are on their way to the broker at one time. */
const AT_ONCE = 100;

/** Throws Problem `batch-refused` when the caller prefers `handling=strict` and a task is not good. */
export async function submitBatch(
  exchange: Exchange,
  gateway: GatewayContext,
  tasks: readonly unknown[],
  run: FirstRun | undefined,
): Promise<Answer> {
  const isStrict = prefersStrict(exchange.req.headers["prefer"]);
  if (isStrict) requireAllGood(exchange, gateway, tasks);
  const items: BatchItem[] = [];
  for (let at = 0; at < tasks.length; at += AT_ONCE) {
    const part = tasks.slice(at, at + AT_ONCE);
    const sent = part.map((task, offset) => sendOne(exchange, gateway, task, { run, at: at + offset }));
    items.push(...(await Promise.all(sent)));
  }
  const applied = isStrict ? { "preference-applied": "handling=strict" } : {};
  return jsonAnswer(200, JSON.stringify({ items }), applied);
}

interface Place {
  readonly run: FirstRun | undefined;
  /** In the batch. */
  readonly at: number;
}

async function sendOne(
  exchange: Exchange,
  gateway: GatewayContext,
  task: unknown,
  { run, at }: Place,
): Promise<BatchItem> {
  try {
    const request = toRequest(task);
    const { idempotency_key: key } = request;
    if (key !== undefined) return await sendKeyed(exchange, gateway, request, key);
    if (run === undefined) return await sendTask(exchange, gateway, request, undefined);
    const taskId = uuidOf(run.taskId, String(at));
    const sent = run.isTakeover ? await gateway.index.find(taskId) : undefined;
    if (sent !== undefined) return { status: 202, id: sent.id, task: sent.task };
    return await sendTask(exchange, gateway, request, taskId);
  } catch (error) {
    return refused(exchange, gateway, error);
  }
}

async function sendTask(
  exchange: Exchange,
  gateway: GatewayContext,
  request: BatchTask,
  taskId: string | undefined,
  hasIdempotencyKey = taskId !== undefined,
): Promise<BatchItem> {
  const { entry, isNew } = await acceptTask(exchange, gateway, request, {
    hasIdempotencyKey,
    ...(taskId === undefined ? {} : { taskId }),
  });
  const { id, task } = entry;
  return isNew ? { status: 202, id, task } : { status: 200, id, task, deduplicated: true };
}

async function sendKeyed(
  exchange: Exchange,
  gateway: GatewayContext,
  request: BatchTask,
  key: string,
): Promise<BatchItem> {
  const keyed = {
    key: checkIdempotencyKey(key, "idempotency_key"),
    content: [writeJson(request)],
  };
  const answer = await gateway.idempotency.run(exchange, keyed, async ({ taskId, isTakeover }) => {
    const sent = isTakeover ? await gateway.index.find(taskId) : undefined;
    const item =
      sent === undefined
        ? await sendTask(exchange, gateway, request, taskId)
        : { status: 202, id: sent.id, task: sent.task };
    return jsonAnswer(item.status, JSON.stringify(item));
  });
  const isReplayed = answer.headers["idempotent-replayed"] !== undefined;
  const stored = JSON.parse(answer.text) as BatchItem;
  // A kept answer may be a problem's body.
  const item = answer.status < 300 ? stored : { status: answer.status, problem: stored };
  return isReplayed ? { ...item, replayed: true } : item;
}

/** Throws Problem. */
function toRequest(task: unknown): BatchTask {
  if (task instanceof Problem) throw task;
  validate(task);
  return task as BatchTask;
}

/** Looks at all tasks before the first is sent: their shapes and whether the caller may send them. */
function requireAllGood(exchange: Exchange, gateway: GatewayContext, tasks: readonly unknown[]): void {
  const items = tasks.map((task): BatchItem => {
    try {
      const request = toRequest(task);
      const { task: name, queue } = request;
      gateway.checkTask(exchange, {
        name,
        queue,
        options: request,
        pointer: "/task",
        queuePointer: "/queue",
      });
      return { status: 202, task: name };
    } catch (error) {
      return refused(exchange, gateway, error);
    }
  });
  if (items.some(({ problem }) => problem !== undefined)) {
    const bad = items.filter(({ problem }) => problem !== undefined).length;
    throw new Problem("batch-refused", {
      detail: `${bad} of ${items.length} tasks are not good, and handling=strict was asked for: nothing was sent.`,
      members: { items },
    });
  }
}

function refused({ base }: Exchange, { logger }: GatewayContext, error: unknown): BatchItem {
  const problem = toProblem(error);
  const { status } = PROBLEMS[problem.type];
  if (status >= 500) logger.warn({ err: error }, "A task of a batch could not be sent");
  return { status, problem: problemMembers(problem, base) };
}

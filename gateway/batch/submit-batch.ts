/** Sends many tasks: each by itself, or all or none. */
import { type Answer, jsonAnswer } from "../answer.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { toProblem } from "../http-status.ts";
import { acceptOnce } from "../idempotency/accept-once.ts";
import type { FirstRun } from "../idempotency/idempotency.ts";
import { checkIdempotencyKey } from "../idempotency/idempotency-key.ts";
import { uuidOf } from "../idempotency/name-uuid.ts";
import { planTask, type TaskRequest } from "../plan-task.ts";
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
  if (isStrict) {
    await requireAllGood(exchange, gateway, tasks, run !== undefined);
    await exchange.allowance?.take("submit", tasks.length);
  }
  const items: BatchItem[] = [];
  for (let at = 0; at < tasks.length; at += AT_ONCE) {
    const part = tasks.slice(at, at + AT_ONCE);
    const sent = part.map((task, offset) =>
      sendOne(exchange, gateway, task, { run, at: at + offset, isCounted: isStrict }),
    );
    items.push(...(await Promise.all(sent)));
  }
  const applied = isStrict ? { "preference-applied": "handling=strict" } : {};
  const answer = jsonAnswer(200, JSON.stringify({ items }), applied);
  return { ...answer, isUnfinished: items.some(({ status }) => status === 429 || status >= 500) };
}

interface Place {
  readonly run: FirstRun | undefined;
  /** In the batch. */
  readonly at: number;
  /** The quota was taken for all. */
  readonly isCounted: boolean;
}

async function sendOne(
  exchange: Exchange,
  gateway: GatewayContext,
  task: unknown,
  { run, at, isCounted }: Place,
): Promise<BatchItem> {
  try {
    const request = toRequest(task);
    const { idempotency_key: key } = request;
    if (key !== undefined) return await sendKeyed(exchange, gateway, request, { key, isCounted });
    const own = run && { ...run, taskId: uuidOf(run.taskId, String(at)) };
    return await sendTask(exchange, gateway, request, { run: own, isCounted });
  } catch (error) {
    return refused(exchange, gateway, error);
  }
}

async function sendTask(
  exchange: Exchange,
  gateway: GatewayContext,
  request: BatchTask,
  { run, isCounted }: Pick<Place, "run" | "isCounted">,
): Promise<BatchItem> {
  const { entry, isNew } = await acceptOnce(exchange, gateway, request, run, { isCounted });
  const { id, task } = entry;
  return isNew ? { status: 202, id, task } : { status: 200, id, task, deduplicated: true };
}

async function sendKeyed(
  exchange: Exchange,
  gateway: GatewayContext,
  request: BatchTask,
  { key, isCounted }: { readonly key: string } & Pick<Place, "isCounted">,
): Promise<BatchItem> {
  const keyed = {
    key: checkIdempotencyKey(key, "idempotency_key"),
    content: [writeJson(request)],
  };
  const answer = await gateway.idempotency.run(exchange, keyed, async (run) => {
    const item = await sendTask(exchange, gateway, request, { run, isCounted });
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

/** Looks at all tasks before the first is sent; only what sending brings, such as a duplicate, is not known then. */
async function requireAllGood(
  exchange: Exchange,
  gateway: GatewayContext,
  tasks: readonly unknown[],
  isKeyed: boolean,
): Promise<void> {
  const items: BatchItem[] = [];
  for (const task of tasks) {
    try {
      const request = toRequest(task);
      const { idempotency_key: key } = request;
      if (key !== undefined) checkIdempotencyKey(key, "idempotency_key");
      await planTask(exchange, gateway, request, { hasIdempotencyKey: isKeyed || key !== undefined });
      items.push({ status: 202, task: request.task });
    } catch (error) {
      items.push(refused(exchange, gateway, error));
    }
  }
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

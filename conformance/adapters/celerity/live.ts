/** The commands that need a broker: configure, publish, result, work, drain, serve. */
import {
  type App,
  createWorker,
  isTaskError,
  type SendOptions,
  type TypedSignature,
  WaitTimeoutError,
  type Worker,
} from "../../../index.ts";
import { parseSignature } from "../../../protocol/index.ts";
import type { Call } from "../../ccp/messages.ts";
import { tag } from "../../values/tag.ts";
import type { Tagged } from "../../values/tagged.ts";
import { untag } from "../../values/untag.ts";
import { appModule, createTasks } from "./tasks.ts";

/** A command as it comes: the runner keeps to the contract. */
type Fields = Readonly<Record<string, unknown>>;

const ENVIRONMENT = process.env;
let app: App = createTasks({});
let worker: Worker | undefined;

async function configure({ broker, backend, queue, env }: Fields): Promise<object> {
  const urls = { CONF_BROKER_URL: broker, CONF_RESULT_URL: backend, CONF_QUEUE: queue };
  const given = Object.entries(urls).map(([name, value]) => [name, String(value ?? "")]);
  // The processes of a pool begin with it.
  process.env = { ...ENVIRONMENT, ...(env as object | undefined), ...Object.fromEntries(given) };
  const before = app;
  app = createTasks(process.env);
  await before.close();
  return { ok: true };
}

/** Celery's names of options, where ours are not the same. */
const OPTIONS: Readonly<Record<string, keyof SendOptions>> = {
  task_id: "taskId",
  time_limit: "timeLimit",
  soft_time_limit: "softTimeLimit",
  delivery_mode: "deliveryMode",
  routing_key: "routingKey",
  ignore_result: "ignoreResult",
  link_error: "linkError",
  group_id: "groupId",
  group_index: "groupIndex",
  root_id: "rootId",
  parent_id: "parentId",
  stamped_headers: "stampedHeaders",
};

/** A call of the contract as a call of ours. */
export function toSendOptions({ args = [], kwargs = {}, options = {} }: Partial<Call>): SendOptions {
  const { protocol: _, ...given } = untag(options) as Record<string, unknown>;
  const named = Object.entries(given).map(([name, value]) => [OPTIONS[name] ?? name, plain(value)]);
  return {
    ...Object.fromEntries(named),
    args: untag(args) as unknown[],
    kwargs: untag(kwargs) as Record<string, unknown>,
  };
}

/** Options take times as text, without the name of a zone that Temporal adds to it. */
function plain(value: unknown): unknown {
  const isTime = Object.prototype.toString.call(value).includes("Temporal");
  return isTime ? String(value).split("[")[0] : value;
}

async function publish({ call, canvas }: Fields): Promise<object> {
  if (canvas === undefined) {
    const { task, ...rest } = call as Call;
    return { id: (await app.sendTask(task, toSendOptions(rest))).id };
  }
  const parsed = parseSignature(untag(canvas as Tagged), "canvas");
  // Types of arguments and results are those of the app that made it.
  const { id } = await app.apply(parsed as TypedSignature<never, unknown>);
  return { id };
}

async function result({ id, timeout_ms: timeoutMs }: Fields): Promise<object> {
  try {
    const value = await app.result(String(id)).get({ timeoutMs: Number(timeoutMs), propagate: false });
    if (!isTaskError(value)) return { state: "SUCCESS", value: tag(value) };
    const { args, code, message, type } = value;
    const state = code === "task_revoked" ? "REVOKED" : "FAILURE";
    return { state, error: { type, message: args.length === 1 ? String(args[0]) : message } };
  } catch (error) {
    if (error instanceof WaitTimeoutError) return { state: "PENDING" };
    throw error;
  }
}

async function work({ queue }: Fields): Promise<object> {
  process.env = { ...process.env, CONF_QUEUE: String(queue) };
  const own = createTasks(process.env);
  const started = createWorker({ app: own, appModule, taskEvents: true, mingle: false, gossip: false });
  worker = started;
  void started.shutdownRequested.then(() => started.stop());
  await started.start();
  return { ready: true };
}

async function drain(): Promise<object> {
  await worker?.stop();
  await worker?.app.close();
  worker = undefined;
  return { ok: true };
}

/** State and index are in memory: they end with the process. The gateway is half of the program; workers start without it. */
async function serve(): Promise<object> {
  const { createGateway } = await import("../../../gateway/index.ts");
  const { url } = await createGateway({ app }).listen({ port: 0 });
  return { url };
}

/** By name. */
export const LIVE: Readonly<Record<string, (command: Fields) => Promise<object>>> = {
  configure,
  publish,
  result,
  work,
  drain,
  serve,
};

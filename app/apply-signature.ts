/** Signatures become calls: Celery's option names in the wire's snake_case, ours in camelCase. Source: celery/canvas.py. */
import {
  ConfigurationError,
  formatIsoTime,
  isPlainObject,
  type PlainObject,
  type Signature,
  setOwn,
} from "../protocol/index.ts";
import type { SendOptions } from "./producer.ts";

/** Options that a signature may carry, and what they are called here. */
const OPTION_NAMES: Readonly<Record<string, keyof SendOptions>> = {
  task_id: "taskId",
  queue: "queue",
  exchange: "exchange",
  routing_key: "routingKey",
  priority: "priority",
  countdown: "countdown",
  eta: "eta",
  expires: "expires",
  retries: "retries",
  time_limit: "timeLimit",
  soft_time_limit: "softTimeLimit",
  serializer: "serializer",
  compression: "compression",
  headers: "headers",
  shadow: "shadow",
  ignore_result: "ignoreResult",
  reply_to: "replyTo",
  delivery_mode: "deliveryMode",
  root_id: "rootId",
  parent_id: "parentId",
  group_id: "groupId",
  group_index: "groupIndex",
  link: "link",
  link_error: "linkError",
  chain: "chain",
  chord: "chord",
  replaced_task_nesting: "replacedTaskNesting",
  stamped_headers: "stampedHeaders",
};

/** The call that a signature stands for. Null options are left out, as Celery leaves them. */
export function toSendOptions(signature: Signature): SendOptions {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(signature.options)) {
    const known = OPTION_NAMES[name];
    if (known !== undefined && value !== null && value !== undefined) options[known] = value;
  }
  const { args, kwargs } = signature;
  return { ...options, ...readStamps(signature.options), ...routedAs(signature), args, kwargs };
}

/** `celery.map` and its like go where the task goes that they call. */
function routedAs({ task, kwargs: { task: called } }: Signature): Pick<SendOptions, "routeName"> {
  if (task !== "celery.map" && task !== "celery.starmap") return {};
  return isPlainObject(called) && typeof called["task"] === "string" ? { routeName: called["task"] } : {};
}

const WIRE_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(OPTION_NAMES).map(([wire, name]) => [name, wire]),
);

/** Options of a call as a signature carries them. Names that Celery does not know are left out. */
export function toSignatureOptions({
  stamps = {},
  ...options
}: Omit<SendOptions, "args" | "kwargs">): PlainObject {
  const wire: PlainObject = {};
  for (const [name, value] of Object.entries(options)) {
    const known = WIRE_NAMES.get(name);
    if (known !== undefined && value !== undefined)
      wire[known] = value instanceof Date ? isoText(value, name) : value;
  }
  for (const [name, value] of Object.entries(stamps)) setOwn(wire, name, value);
  return wire;
}

function isoText(date: Date, field: string): string {
  if (Number.isNaN(date.getTime())) throw new ConfigurationError(`"${field}" is an invalid Date.`);
  return formatIsoTime(date.getTime());
}

/** A stamp is an option whose name is in `stamped_headers`. */
function readStamps(options: PlainObject): Pick<SendOptions, "stamps"> {
  const names = options["stamped_headers"];
  if (!Array.isArray(names)) return {};
  const stamps = names
    .filter((name) => typeof name === "string" && name in options)
    .map((name) => [name, options[name]]);
  return { stamps: Object.fromEntries(stamps) as PlainObject };
}

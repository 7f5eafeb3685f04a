/** Signatures become calls: Celery's option names in the wire's snake_case, ours in camelCase. Source: celery/canvas.py. */
import type { PlainObject, Signature } from "../protocol/index.ts";
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
  return { ...options, ...readStamps(signature.options), args: signature.args, kwargs: signature.kwargs };
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

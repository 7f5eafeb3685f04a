/**
 * Builds task messages. Source: celery/app/amqp.py `as_task_v2` and `as_task_v1` of 5.7; compared with recorded messages
 * in test/protocol.
 */
import type { Signature } from "./signature.ts";
import type { PlainObject } from "./values.ts";
import type { MessageProperties } from "./wire-message.ts";

/** One call of a task with everything decided: nothing is looked up, generated or read from a clock after this. */
export interface TaskCall {
  readonly task: string;
  readonly id: string;
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  /** ISO 8601. */
  readonly eta?: string | null | undefined;
  /** ISO 8601. */
  readonly expires?: string | null | undefined;
  /** Milliseconds until the broker may drop the message; 0 or more. */
  readonly expirationMs?: number | undefined;
  readonly retries?: number | undefined;
  readonly timeLimitSeconds?: number | null | undefined;
  readonly softTimeLimitSeconds?: number | null | undefined;
  readonly groupId?: string | null | undefined;
  readonly groupIndex?: number | null | undefined;
  readonly rootId?: string | null | undefined;
  readonly parentId?: string | null | undefined;
  readonly shadow?: string | null | undefined;
  readonly ignoreResult?: boolean | null | undefined;
  readonly origin: string;
  readonly replyTo?: string | undefined;
  readonly priority?: number | undefined;
  readonly deliveryMode?: 1 | 2 | undefined;
  readonly replacedTaskNesting?: number | undefined;
  readonly stampedHeaders?: readonly string[] | null | undefined;
  readonly stamps?: PlainObject | undefined;
  /** Headers of the caller's own, beside the protocol's; as in Celery they win over a protocol header of the same name. */
  readonly headers?: PlainObject | undefined;
  /** Python reprs for logs and monitors. */
  readonly argsrepr: string;
  readonly kwargsrepr: string;
  readonly callbacks?: readonly Signature[] | null | undefined;
  readonly errbacks?: readonly Signature[] | null | undefined;
  /** Rest of a chain, the next task last. */
  readonly chain?: readonly Signature[] | null | undefined;
  readonly chord?: Signature | null | undefined;
}

/** A message before its body is serialized. */
export interface TaskMessage {
  readonly headers: PlainObject;
  readonly properties: MessageProperties;
  readonly body: unknown;
}

/** Protocol 2: metadata in the headers, body `[args, kwargs, embed]`. `timelimit` is [hard, soft]. */
export function toTaskMessageV2(call: TaskCall): TaskMessage {
  const headers: PlainObject = {
    lang: "js",
    task: call.task,
    id: call.id,
    shadow: call.shadow ?? null,
    eta: call.eta ?? null,
    expires: call.expires ?? null,
    group: call.groupId ?? null,
    group_index: call.groupIndex ?? null,
    retries: call.retries ?? 0,
    timelimit: [call.timeLimitSeconds ?? null, call.softTimeLimitSeconds ?? null],
    root_id: call.rootId ?? call.id,
    parent_id: call.parentId ?? null,
    argsrepr: call.argsrepr,
    kwargsrepr: call.kwargsrepr,
    origin: call.origin,
    ignore_result: call.ignoreResult ?? null,
    replaced_task_nesting: call.replacedTaskNesting ?? 0,
    stamped_headers: call.stampedHeaders ?? null,
    stamps: call.stamps ?? {},
  };
  const embed = {
    callbacks: call.callbacks ?? null,
    errbacks: call.errbacks ?? null,
    chain: call.chain ?? null,
    chord: call.chord ?? null,
  };
  return {
    headers: call.headers === undefined ? headers : { ...headers, ...call.headers },
    properties: toProperties(call),
    body: [call.args, call.kwargs, embed],
  };
}

/** Protocol 1: everything in the body, for workers before Celery 4. It has no field for the rest of a chain. */
export function toTaskMessageV1(call: TaskCall): TaskMessage {
  return {
    headers: call.headers ?? {},
    properties: toProperties(call),
    body: {
      task: call.task,
      id: call.id,
      args: call.args,
      kwargs: call.kwargs,
      group: call.groupId ?? null,
      group_index: call.groupIndex ?? null,
      retries: call.retries ?? 0,
      eta: call.eta ?? null,
      expires: call.expires ?? null,
      utc: true,
      callbacks: call.callbacks ?? null,
      errbacks: call.errbacks ?? null,
      timelimit: [call.timeLimitSeconds ?? null, call.softTimeLimitSeconds ?? null],
      taskset: call.groupId ?? null,
      chord: call.chord ?? null,
    },
  };
}

function toProperties(call: TaskCall): MessageProperties {
  return {
    correlationId: call.id,
    replyTo: call.replyTo ?? "",
    deliveryMode: call.deliveryMode ?? 2,
    priority: call.priority ?? 0,
    ...(call.expirationMs === undefined
      ? {}
      : { expiration: String(Math.max(0, Math.trunc(call.expirationMs))) }),
  };
}

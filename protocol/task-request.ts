/**
 * Reads task messages: headers and a decoded body become one {@link TaskRequest}, whatever the protocol version.
 * Source: celery/worker/strategy.py and celery/worker/request.py of 5.7; where Celery crashes, loops or drops a message
 * in silence, a DecodeError says which field is wrong.
 */
import { DecodeError, type ErrorCode } from "./errors.ts";
import { parseIsoTime } from "./iso-time.ts";
import { parseSignature, type Signature } from "./signature.ts";
import { isPlainObject, type PlainObject, plainNumber, withPlainNumbers } from "./values.ts";
import type { WireMessage } from "./wire-message.ts";

/** What to call when the task has ended. */
export interface Embed {
  readonly callbacks: readonly Signature[];
  readonly errbacks: readonly Signature[];
  /** Rest of a chain, the next task last. */
  readonly chain: readonly Signature[];
  readonly chord: Signature | undefined;
}

/** Where a message came from. */
export interface DeliveryInfo {
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
}

/** One task to run. */
export interface TaskRequest {
  readonly task: string;
  readonly id: string;
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  readonly embed: Embed;
  readonly retries: number;
  /** Milliseconds since 1970. */
  readonly etaMs: number | undefined;
  /** Milliseconds since 1970. */
  readonly expiresMs: number | undefined;
  readonly timeLimitSeconds: number | undefined;
  readonly softTimeLimitSeconds: number | undefined;
  readonly rootId: string;
  readonly parentId: string | undefined;
  readonly groupId: string | undefined;
  readonly groupIndex: number | undefined;
  /** undefined: the task's own setting decides. */
  readonly ignoreResult: boolean | undefined;
  readonly replyTo: string | undefined;
  readonly correlationId: string;
  readonly priority: number;
  readonly protocol: 1 | 2;
  /** All headers as they came; {@link customHeaders} picks the caller's own. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly deliveryInfo: DeliveryInfo;
}

/** Longest task id: AMQP's correlation id is a short string. */
const MAX_ID_BYTES = 255;
const NO_EMBED: Embed = { callbacks: [], errbacks: [], chain: [], chord: undefined };

/** Is this a protocol 2 message? The `task` header alone decides. */
export function isProtocol2(headers: Readonly<Record<string, unknown>>): boolean {
  return headers["task"] !== undefined;
}

/** The id of a message that cannot be run, when it can be read: so that its failure can be stored. */
export function readableTaskId(wire: WireMessage, body: unknown): string | undefined {
  const id = isProtocol2(wire.headers) ? wire.headers["id"] : isPlainObject(body) ? body["id"] : undefined;
  return isTaskId(id) ? id : undefined;
}

/** Throws DecodeError `bad_header`, `bad_body` or `bad_eta`. */
export function toTaskRequest(wire: WireMessage, body: unknown, deliveryInfo: DeliveryInfo): TaskRequest {
  return isProtocol2(wire.headers)
    ? fromProtocol2(wire, body, deliveryInfo)
    : fromProtocol1(wire, body, deliveryInfo);
}

function fromProtocol2(wire: WireMessage, body: unknown, deliveryInfo: DeliveryInfo): TaskRequest {
  const { headers } = wire;
  const [args, kwargs, embed] = readBody(body);
  return readRequest(headers, wire, "bad_header", {
    args,
    kwargs,
    embed: readEmbed(embed),
    rootId: optionalText(headers["root_id"], "root_id", "bad_header"),
    parentId: optionalText(headers["parent_id"], "parent_id", "bad_header"),
    ignoreResult: optionalBoolean(headers["ignore_result"]),
    protocol: 2,
    deliveryInfo,
  });
}

/** `[args, kwargs, embed]`, or the hybrid form that Celery accepts too: an object with "args". */
function readBody(body: unknown): [readonly unknown[], PlainObject, unknown] {
  if (isPlainObject(body) && "args" in body) {
    return [readArgs(body["args"]), readKwargs(body["kwargs"]), body];
  }
  if (!Array.isArray(body) || body.length !== 3) {
    throw new DecodeError("bad_body", `The body must be [args, kwargs, embed]; it is ${describe(body)}.`);
  }
  return [readArgs(body[0]), readKwargs(body[1]), body[2]];
}

function fromProtocol1(wire: WireMessage, body: unknown, deliveryInfo: DeliveryInfo): TaskRequest {
  if (!isPlainObject(body) || typeof body["task"] !== "string") {
    throw new DecodeError(
      "bad_body",
      'This is no task message: it has no "task" header, and its body is not an object with "task".',
    );
  }
  const fields = withPlainNumbers(body);
  const { timelimit } = fields;
  const source = {
    ...fields,
    group: fields["taskset"] ?? fields["group"],
    timelimit: Array.isArray(timelimit) ? timelimit.map(plainNumber) : timelimit,
  };
  return readRequest(source, wire, "bad_body", {
    args: readArgs(body["args"] ?? []),
    kwargs: readKwargs(body["kwargs"] ?? {}),
    embed: readEmbed({ ...body, chain: null }),
    rootId: undefined,
    parentId: undefined,
    ignoreResult: undefined,
    protocol: 1,
    deliveryInfo,
  });
}

/** What the two protocols keep in different places. */
type Parts = Pick<
  TaskRequest,
  "args" | "kwargs" | "embed" | "parentId" | "ignoreResult" | "protocol" | "deliveryInfo"
> & {
  readonly rootId: string | undefined;
};

/**
 * Adds the fields that protocol 1 keeps in the body and protocol 2 in the headers, under the same names. One literal
 * without spreads: this runs for every message.
 */
function readRequest(
  source: Readonly<Record<string, unknown>>,
  wire: WireMessage,
  code: ErrorCode,
  parts: Parts,
): TaskRequest {
  const { task, id } = source;
  if (typeof task !== "string" || task === "") {
    throw new DecodeError(code, `"task" must be a task name; it is ${describe(task)}.`);
  }
  if (!isTaskId(id)) {
    throw new DecodeError(
      code,
      `"id" must be a string of 1 to ${MAX_ID_BYTES} bytes; it is ${describe(id)}.`,
    );
  }
  const limits = readTimeLimit(source["timelimit"], code);
  return {
    task,
    id,
    args: parts.args,
    kwargs: parts.kwargs,
    embed: parts.embed,
    retries: readRetries(source["retries"], code),
    etaMs: readTime(source["eta"], "eta"),
    expiresMs: readTime(source["expires"], "expires"),
    timeLimitSeconds: limits[0] ?? undefined,
    softTimeLimitSeconds: limits[1] ?? undefined,
    rootId: parts.rootId ?? id,
    parentId: parts.parentId,
    groupId: optionalText(source["group"], "group", code),
    groupIndex: typeof source["group_index"] === "number" ? source["group_index"] : undefined,
    ignoreResult: parts.ignoreResult,
    replyTo: wire.properties.replyTo === "" ? undefined : wire.properties.replyTo,
    correlationId: wire.properties.correlationId ?? id,
    priority: wire.properties.priority,
    protocol: parts.protocol,
    headers: wire.headers,
    deliveryInfo: parts.deliveryInfo,
  };
}

function isTaskId(id: unknown): id is string {
  return (
    typeof id === "string" && id !== "" && id.length <= MAX_ID_BYTES && Buffer.byteLength(id) <= MAX_ID_BYTES
  );
}

function readArgs(args: unknown): readonly unknown[] {
  if (!Array.isArray(args))
    throw new DecodeError("bad_body", `"args" must be a list; it is ${describe(args)}.`);
  return args;
}

function readKwargs(kwargs: unknown): PlainObject {
  if (!isPlainObject(kwargs))
    throw new DecodeError("bad_body", `"kwargs" must be an object; it is ${describe(kwargs)}.`);
  return kwargs;
}

function readRetries(retries: unknown, code: ErrorCode): number {
  if (retries === undefined || retries === null) return 0;
  if (typeof retries !== "number" || !Number.isInteger(retries) || retries < 0) {
    throw new DecodeError(code, `"retries" must be a whole number of 0 or more; it is ${describe(retries)}.`);
  }
  return retries;
}

function readTime(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return parseIsoTime(value, field);
  throw new DecodeError("bad_eta", `"${field}" must be an ISO 8601 string; it is ${describe(value)}.`);
}

type TimeLimits = readonly [hard: number | null, soft: number | null];

const NO_LIMITS: TimeLimits = [null, null];

function readTimeLimit(limits: unknown, code: ErrorCode): TimeLimits {
  if (limits === undefined || limits === null || limits === false) return NO_LIMITS;
  if (!Array.isArray(limits) || limits.length !== 2 || !limits.every(isLimit)) {
    throw new DecodeError(
      code,
      `"timelimit" must be [hard, soft], each null or seconds of 0 or more; it is ${describe(limits)}.`,
    );
  }
  return limits as unknown as TimeLimits;
}

function isLimit(limit: unknown): boolean {
  return limit === null || (typeof limit === "number" && limit >= 0);
}

function readEmbed(embed: unknown): Embed {
  if (embed === undefined || embed === null) return NO_EMBED;
  if (!isPlainObject(embed)) {
    throw new DecodeError("bad_body", `"embed" must be an object or null; it is ${describe(embed)}.`);
  }
  const { callbacks, errbacks, chain, chord } = embed;
  if (!callbacks && !errbacks && !chain && !chord) return NO_EMBED;
  return {
    callbacks: readSignatures(callbacks, "callbacks"),
    errbacks: readSignatures(errbacks, "errbacks"),
    chain: readSignatures(chain, "chain"),
    chord: chord ? parseSignature(chord, "chord") : undefined,
  };
}

function readSignatures(value: unknown, field: string): readonly Signature[] {
  if (!value) return [];
  return (Array.isArray(value) ? value : [value]).map((entry) => parseSignature(entry, field));
}

function optionalText(value: unknown, field: string, code: ErrorCode): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw new DecodeError(code, `"${field}" must be a string or null; it is ${describe(value)}.`);
}

function optionalBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** Kind and size of a wrong value, never its content: it may be secret, or huge. */
function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return `a string of ${value.length} characters`;
  if (typeof value === "number") return `the number ${value}`;
  return value === undefined ? "missing" : `of type ${typeof value}`;
}

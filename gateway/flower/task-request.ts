/** The body that starts a task, read as strictly as any other of the gateway. */
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { readBody } from "../body.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { parseBody } from "../json-body.ts";
import type { TaskRequest } from "../plan-task.ts";
import { Problem } from "../problems.ts";
import { hasBody } from "../read-json.ts";
import { MAX_DELAY_SECONDS } from "../times.ts";
import { readFlowerTime } from "./flower-time.ts";
import { QUEUE } from "./patterns.ts";
import { FlowerRefusal } from "./route.ts";

/** Options of apply_async that callers have; Flower passes on all there are. */
const OPTIONS = ["countdown", "eta", "expires", "queue", "priority", "ignore_result"] as const;
const NUMBER = /^[+-]?\d{1,15}(?:\.\d{1,15})?$/;

/** A body, before its options are looked at. */
export interface FlowerBody {
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Whatever its Content-Type says: Flower does not look at it. Throws FlowerRefusal 400, and what parseBody throws. */
export async function readFlowerBody(
  exchange: Exchange,
  { limits, held }: GatewayContext,
): Promise<FlowerBody> {
  const body = hasBody(exchange.req)
    ? parseBody(await readBody(exchange, { maxBytes: limits.bodyBytes, held }), limits.depth)
    : {};
  if (!isPlainObject(body)) throw new FlowerRefusal(400, "invalid options");
  const { args = [], kwargs = {}, ...options } = body;
  if (!Array.isArray(args)) throw new FlowerRefusal(400, "args must be an array");
  if (!isPlainObject(kwargs)) throw new FlowerRefusal(400, "kwargs must be an object");
  return { args, kwargs, options };
}

/**
 * The request that the body stands for. Throws FlowerRefusal 400 for a value that an option cannot have, and Problem
 * `reserved-option` for an option that is not open to callers: with some of them a message is another task's.
 */
export function toTaskRequest(
  task: string,
  { args, kwargs, options }: FlowerBody,
  { app }: GatewayContext,
  further: readonly string[] = [],
): TaskRequest {
  const unknown = Object.keys(options).find((name) => ![...OPTIONS, ...further].includes(name));
  if (unknown !== undefined) throw reserved(unknown, further);
  const { countdown, eta, expires, queue, priority, ignore_result } = options;
  const timezone = app.settings.timezone ?? "UTC";
  return {
    task,
    args,
    kwargs,
    ...(isGiven(countdown) && { delay: readSeconds(countdown) }),
    ...(isGiven(eta) && { eta: readTime(eta, timezone) }),
    ...(isGiven(expires) && {
      expires: isSeconds(expires) ? readSeconds(expires) : readTime(expires, timezone),
    }),
    ...(isGiven(queue) && { queue: require(queue, isQueue) }),
    ...(isGiven(priority) && { priority: require(priority, isPriority) }),
    ...(isGiven(ignore_result) && { ignore_result: require(ignore_result, isBoolean) }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A number, or text of one, as Python's float() takes it. */
function isSeconds(value: unknown): value is number | string {
  return typeof value === "number" || (typeof value === "string" && NUMBER.test(value.trim()));
}

/** Seconds from now. Throws FlowerRefusal 400. */
export function readSeconds(value: unknown): number {
  const seconds = isSeconds(value) ? Number(value) : -1;
  if (seconds >= 0 && seconds <= MAX_DELAY_SECONDS) return seconds;
  throw invalidOption();
}

function readTime(value: unknown, timezone: string): string {
  const time = typeof value === "string" ? readFlowerTime(value, timezone) : undefined;
  if (time === undefined) throw invalidOption();
  return time;
}

function require<Value>(value: unknown, is: (given: unknown) => given is Value): Value {
  if (!is(value)) throw invalidOption();
  return value;
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isQueue = (value: unknown): value is string => typeof value === "string" && QUEUE.test(value);
const isPriority = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 9;

function invalidOption(): FlowerRefusal {
  return new FlowerRefusal(400, "Invalid option");
}

function reserved(name: string, further: readonly string[]): Problem {
  const shown = name.slice(0, 64);
  const allowed = ["args", "kwargs", ...OPTIONS, ...further].join(", ");
  const detail = `${JSON.stringify(shown)} is not an option of this request; allowed: ${allowed}`;
  const pointer = `/${shown.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return new Problem("reserved-option", { detail, members: { errors: [{ pointer, detail }] } });
}

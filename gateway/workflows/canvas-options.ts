/** Options of a task within a canvas: those that `POST /v1/tasks` has, under Celery's names on the wire. */
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { QUEUE_PATTERN } from "../schema-parts.ts";
import { readDelay, readExpires, readTime } from "../times.ts";
import type { CanvasErrors } from "./canvas-errors.ts";

const QUEUE = new RegExp(QUEUE_PATTERN);
const MAX_PRIORITY = 9;

/** Reads one option; undefined when it is not what it must be. */
type OptionReader = (value: unknown, pointer: string, errors: CanvasErrors) => unknown;

const readCountdown: OptionReader = (value, pointer, errors) =>
  isNumberOrText(value, pointer, errors)
    ? errors.attempt(pointer, () => readDelay(value, pointer))
    : undefined;

/** Name in a request to the name on the wire, and how its value is read. */
const OPTIONS: Readonly<Record<string, readonly [string, OptionReader]>> = {
  queue: [
    "queue",
    (value, pointer, errors) =>
      must(
        typeof value === "string" && QUEUE.test(value),
        value,
        pointer,
        errors,
        "be the name of a queue: 1 to 200 letters, digits, dots, underscores, colons, at signs and dashes",
      ),
  ],
  eta: [
    "eta",
    (value, pointer, errors) =>
      typeof value === "string"
        ? errors.attempt(pointer, () => readTime(value, pointer))
        : must(false, value, pointer, errors, "be a time with an offset, such as 2030-01-02T03:04:05Z"),
  ],
  delay: ["countdown", readCountdown],
  countdown: ["countdown", readCountdown],
  expires: [
    "expires",
    (value, pointer, errors) =>
      isNumberOrText(value, pointer, errors)
        ? errors.attempt(pointer, () => readExpires(value, pointer))
        : undefined,
  ],
  priority: [
    "priority",
    (value, pointer, errors) =>
      must(
        typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_PRIORITY,
        value,
        pointer,
        errors,
        `be a whole number from 0 to ${MAX_PRIORITY}`,
      ),
  ],
  ignore_result: [
    "ignore_result",
    (value, pointer, errors) => must(typeof value === "boolean", value, pointer, errors, "be true or false"),
  ],
};

/** Options that hold canvases; Celery's signatures have them here, the readable form beside `options`. */
export const LINK_OPTIONS = ["link", "link_error"] as const;
/** Callbacks of one task or canvas: each hangs on every task that it is handed to. */
export const MAX_LINKS = 10;

/** The options on the wire, without links. As in Celery, null means "not given". */
export function readOptions(value: unknown, pointer: string, errors: CanvasErrors): PlainObject {
  if (value === undefined || value === null) return {};
  if (!isPlainObject(value)) {
    errors.add(pointer, "must be an object");
    return {};
  }
  const options: PlainObject = {};
  for (const [name, given] of Object.entries(value)) {
    if (given === null || LINK_OPTIONS.some((link) => link === name)) continue;
    const at = `${pointer}/${escapePointer(name)}`;
    const known = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (known === undefined) {
      const allowed = [...Object.keys(OPTIONS), ...LINK_OPTIONS].join(", ");
      const detail = `${JSON.stringify(name.slice(0, 64))} is not an option here; allowed: ${allowed}`;
      errors.add(at, detail, "reserved-option");
      continue;
    }
    const [wireName, read] = known;
    const option = read(given, at, errors);
    if (option !== undefined) options[wireName] = option;
  }
  if (options["eta"] !== undefined && options["countdown"] !== undefined)
    errors.add(`${pointer}/eta`, '"eta" and "delay" say the same in two ways; send one of them');
  return options;
}

/** A key as a part of a JSON Pointer; a stranger's key may be long. */
export function escapePointer(key: string): string {
  return key.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1");
}

function must(
  isRight: boolean,
  value: unknown,
  pointer: string,
  errors: CanvasErrors,
  what: string,
): unknown {
  if (isRight) return value;
  errors.add(pointer, `must ${what}`);
  return undefined;
}

function isNumberOrText(value: unknown, pointer: string, errors: CanvasErrors): value is number | string {
  if (typeof value === "number" || typeof value === "string") return true;
  errors.add(pointer, "must be seconds, or text such as PT30S");
  return false;
}

/**
 * kombu's `json`: plain JSON plus typed values. kombu before 5.3 wrote times and decimals as bare strings; they stay
 * strings. Source: kombu/utils/json.py of 5.7.
 */
import { DecodeError, toError } from "../protocol/errors.ts";
import { readPythonJson, writePythonJson } from "../protocol/python-json.ts";
import { DECIMAL_TEXT, Decimal, Float, isPlainObject, Uuid } from "../protocol/values.ts";
import { requireSize } from "./limits.ts";
import { parseDate, parseDateTime, parseTime } from "./python-time.ts";
import type { FloatOptions, SyncSerializer } from "./serializer.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The serializer `json`. With `exactFloats` it reads Python's `1.0` as a Float, which it writes as `1.0` again. */
export function createJsonSerializer({ exactFloats = false }: FloatOptions = {}): SyncSerializer {
  return {
    name: "json",
    contentType: "application/json",
    contentEncoding: "utf-8",
    serialize(value) {
      return Buffer.from(writePythonJson(value), "utf8");
    },
    deserialize(bytes, limits) {
      requireSize(bytes, limits);
      const { maxDepth } = limits;
      return readPythonJson(decodeUtf8(bytes), { maxDepth, revive: reviveTypedValue, exactFloats });
    },
  };
}

/** The serializer `json` with plain numbers. */
export const jsonSerializer: SyncSerializer = createJsonSerializer();

/** By `__type__`: how to read `__value__`. undefined is for what only Python can hold. */
const TYPES: ReadonlyMap<unknown, (value: unknown) => unknown> = new Map<
  unknown,
  (value: unknown) => unknown
>([
  ["datetime", (value) => parseDateTime(text(value))],
  ["date", (value) => parseDate(text(value))],
  ["time", (value) => parseTime(text(value))],
  ["decimal", (value) => new Decimal(matching(DECIMAL_TEXT, isNumber(value) ? String(value) : value))],
  ["uuid", (value) => new Uuid(matching(UUID, isPlainObject(value) ? value["hex"] : undefined))],
  ["bytes", (value) => Uint8Array.from(Buffer.from(text(value), "utf8"))],
  ["base64", (value) => fromBase64(matching(BASE64, value))],
]);

const UUID = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i;
const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;

/**
 * Reads a typed value. A time that only Python can hold keeps its typed form, so that it goes back unchanged. Throws
 * DecodeError `bad_body` for an unknown type, as kombu does, and for a malformed value.
 */
export function reviveTypedValue(type: unknown, value: unknown): unknown {
  const read = TYPES.get(type);
  if (read === undefined) {
    const known = [...TYPES.keys()].join(", ");
    throw new DecodeError(
      "bad_body",
      `"__type__" is ${shown(type)}, which is not known; known are ${known}.`,
    );
  }
  try {
    return read(value) ?? { __type__: type, __value__: value };
  } catch (error) {
    const problem = toError(error).message;
    throw new DecodeError("bad_body", `"__value__" of a ${shown(type)} cannot be read: ${problem}.`, {
      cause: error,
    });
  }
}

function fromBase64(encoded: string): Uint8Array {
  if (encoded.length % 4 !== 0) throw new RangeError("it is cut short");
  return Uint8Array.from(Buffer.from(encoded, "base64"));
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("it must be a string");
  return value;
}

function matching(pattern: RegExp, value: unknown): string {
  if (typeof value !== "string" || !pattern.test(value)) throw new TypeError(`it must match ${pattern}`);
  return value;
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || value instanceof Float;
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : `a ${typeof value}`;
}

/** Values of this process as tagged JSON. */
import {
  Decimal,
  EncodeError,
  Float,
  isPlainObject,
  type PlainObject,
  setOwn,
  Tuple,
  toPythonTime,
  Uuid,
} from "../../protocol/index.ts";
import type { Tagged } from "./tagged.ts";

/** Throws EncodeError for what has no tag, such as exceptions. undefined becomes null. */
export function tag(value: unknown): Tagged {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "undefined":
      return null;
    case "bigint":
      return { $int: String(value) };
    case "number":
      return tagNumber(value);
    case "object":
      return value === null ? null : tagObject(value);
    default:
      throw untaggable(typeof value);
  }
}

/** Codecs read larger integers as bigint, and floats without a fraction as {@link Float}. */
const MAX_INTEGER = 2 ** 53;

function tagNumber(value: number): Tagged {
  const isInteger = Number.isInteger(value) && Math.abs(value) <= MAX_INTEGER && !Object.is(value, -0);
  return isInteger ? { $int: String(value) } : tagFloat(value);
}

function tagFloat(value: number): Tagged {
  if (Number.isNaN(value)) return { $nan: true };
  if (!Number.isFinite(value)) return { $float: value > 0 ? "inf" : "-inf" };
  if (Object.is(value, -0)) return { $float: "-0.0" };
  const text = String(value);
  return { $float: /[.e]/.test(text) ? text : `${text}.0` };
}

function tagObject(value: object): Tagged {
  if (value instanceof Tuple) return { $tuple: Array.from(value, tag) };
  if (Array.isArray(value)) return value.map(tag);
  if (isPlainObject(value)) return tagMembers(Object.entries(value));
  if (value instanceof Map) return tagMembers([...value]);
  if (value instanceof Set) return { $set: Array.from(value, tag) };
  if (value instanceof Float) return tagFloat(Number(value));
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Decimal) return { $decimal: value.text };
  if (value instanceof Uuid) return { $uuid: value.text };
  const time = toPythonTime(value);
  if (time !== undefined) return { [`$${time.type}`]: time.text };
  throw untaggable(value.constructor?.name ?? "object");
}

function tagMembers(members: readonly (readonly [unknown, unknown])[]): Tagged {
  const isAmbiguous = members.length === 1 && String(members[0]?.[0]).startsWith("$");
  if (isAmbiguous || !members.every(([key]) => typeof key === "string")) {
    return { $dict: members.map(([key, item]) => [tag(key), tag(item)]) };
  }
  const tagged: PlainObject = {};
  for (const [key, item] of members) setOwn(tagged, String(key), tag(item));
  return tagged as { [name: string]: Tagged };
}

function untaggable(kind: string): EncodeError {
  return new EncodeError(`A ${kind} has no tag of the conformance suite.`);
}

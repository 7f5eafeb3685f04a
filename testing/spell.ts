import type { Temporal } from "temporal-polyfill";
import {
  ByteArray,
  Decimal,
  DefaultDict,
  Float,
  FrozenSet,
  isPlainObject,
  OrderedDict,
  PickledObject,
  PythonError,
  Tuple,
  Uuid,
} from "../protocol/index.ts";

/**
 * A value spelled out so that equality sees everything: Temporal objects hide what they hold, 1n is not 1, and -0 is not 0.
 * test/codecs/python_codec.py spells Python values the same way. Members are sorted, unless they are to keep their order.
 */
export function spell(value: unknown, keepOrder = false): unknown {
  if (value === null) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number") return spellNumber(value);
  if (value instanceof Float) return spellFloat(Number(value));
  if (Array.isArray(value)) {
    const items = Array.from(value, (item) => spell(item, keepOrder));
    return value instanceof Tuple ? { tuple: items } : items;
  }
  if (value instanceof Uint8Array)
    return { [value instanceof ByteArray ? "bytearray" : "bytes"]: Buffer.from(value).toString("hex") };
  if (value instanceof Set) {
    const items = [...value].map((item) => JSON.stringify(spell(item))).sort();
    return { [value instanceof FrozenSet ? "frozenset" : "set"]: items };
  }
  if (value instanceof Decimal) return { decimal: value.text };
  if (value instanceof Uuid) return { uuid: value.text };
  if (value instanceof Map) return spellMap(value, keepOrder);
  if (value instanceof PythonError) {
    const { module, type, args, state = null } = value;
    return { exception: [module, type, spell([...args]), spell(state)] };
  }
  if (value instanceof PickledObject) {
    const { module, name, args = null, state = null } = value;
    return { object: [module, name, args && spell([...args]), spell(state)] };
  }
  if (isPlainObject(value)) {
    const members = Object.entries(value).map(([key, item]) => [key, spell(item, keepOrder)]);
    return { map: keepOrder ? members : members.sort(byKey) };
  }
  return spellTime(value);
}

/** A Map of strings is a dict of strings, which others read as an object; keys beyond strings are spelled too. */
function spellMap(value: ReadonlyMap<unknown, unknown>, keepOrder: boolean): unknown {
  const items = [...value];
  const isPlain = items.every(([key]) => typeof key === "string");
  const members = items.map(([key, item]) => [isPlain ? key : spell(key), spell(item, keepOrder)]);
  if (value instanceof OrderedDict) return { ordereddict: members };
  if (!keepOrder) members.sort(isPlain ? byKey : bySpelledKey);
  if (value instanceof DefaultDict) return { defaultdict: [value.factory, members] };
  return isPlain ? { map: members } : { dict: members };
}

function spellNumber(value: number): unknown {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { int: String(value) };
  return spellFloat(value);
}

function spellFloat(value: number): unknown {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { float: Number.isNaN(value) ? "nan" : bytes.toString("hex") };
}

/** Datetimes in a named zone keep its name. */
function spellTime(value: unknown): unknown {
  const type = Object.prototype.toString.call(value);
  const text = String(value);
  if (type === "[object Temporal.Duration]") return { timedelta: durationText(value as Temporal.Duration) };
  const [, zone] = /\[([A-Za-z][^\]]*)\]$/.exec(text) ?? [];
  return zone === undefined ? { [type]: isoformat(text) } : { zoned: [isoformat(text), zone] };
}

/** In microseconds, a day being 24 hours. */
function durationText(value: Temporal.Duration): string {
  const { days, hours, minutes, seconds, milliseconds, microseconds } = value;
  const total = [24, 60, 60, 1000, 1000].reduce(
    (sum, factor, index) =>
      sum * BigInt(factor) + BigInt([hours, minutes, seconds, milliseconds, microseconds][index] ?? 0),
    BigInt(days + 7 * value.weeks),
  );
  return String(total);
}

/** Temporal prints milliseconds as three digits and appends the zone; Python does neither. */
function isoformat(text: string): string {
  return text
    .replace(/\[.*\]$/, "")
    .replace(/\.(\d{1,6})(?=[+-]|$)/, (_, digits: string) => `.${digits.padEnd(6, "0")}`);
}

function byKey(left: unknown[], right: unknown[]): number {
  return String(left[0]) < String(right[0]) ? -1 : 1;
}

function bySpelledKey(left: unknown[], right: unknown[]): number {
  return JSON.stringify(left[0]) < JSON.stringify(right[0]) ? -1 : 1;
}

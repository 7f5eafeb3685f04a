import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { Decimal, isPlainObject, type PlainObject, setOwn, Uuid } from "../protocol/index.ts";

/**
 * A value spelled out so that equality sees everything: Temporal objects hide what they hold, 1n is not 1, and -0 is not 0.
 * test/codecs/python_codec.py spells Python values the same way. Members are sorted, unless they are to keep their order.
 */
export function spell(value: unknown, keepOrder = false): unknown {
  if (value === null) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number") return spellNumber(value);
  if (Array.isArray(value)) return Array.from(value, (item) => spell(item, keepOrder));
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (value instanceof Set) return { set: [...value].map((item) => JSON.stringify(spell(item))).sort() };
  if (value instanceof Decimal) return { decimal: value.text };
  if (value instanceof Uuid) return { uuid: value.text };
  if (isPlainObject(value)) {
    const members = Object.entries(value).map(([key, item]) => [key, spell(item, keepOrder)]);
    return { map: keepOrder ? members : members.sort(byKey) };
  }
  return { [Object.prototype.toString.call(value)]: isoformat(String(value)) };
}

function spellNumber(value: number): unknown {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { int: String(value) };
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { float: Number.isNaN(value) ? "nan" : bytes.toString("hex") };
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

/** Strings with the characters that formats trip over: quotes, controls, line breaks, whole and halved surrogate pairs. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc
    .array(fc.integer({ max: 0xffff, min: 0 }), { maxLength: 12 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    "",
    "\0",
    "\u007f",
    "\u0085",
    "\u2028",
    "\ufeff",
    "\ufffe",
    "__type__",
    "1234567890123456",
    "NaN",
  ),
);

/** The same without halves of surrogate pairs. */
export const wellFormedText: fc.Arbitrary<string> = anyText.map((text) =>
  text.replace(/\p{Surrogate}/gu, "?"),
);

/** Numbers without a fraction stay within 2^53, because beyond a float could not be told from an int. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, 2 ** 53, 1e16, 1e21, 5e-324, 1e-7, 0xffff_ffff, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1),
);

/** Beyond 2^53, where bigint begins. */
export function wideInteger(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  return fc.bigInt({ min, max }).filter((value) => value > 2n ** 53n || value < -(2n ** 53n));
}

export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array(),
  fc.string().map((text) => Uint8Array.from(Buffer.from(text))),
);

const dateParts = {
  year: fc.integer({ min: 1, max: 9999 }),
  month: fc.integer({ min: 1, max: 12 }),
  day: fc.integer({ min: 1, max: 28 }),
};
const timeParts = {
  hour: fc.integer({ min: 0, max: 23 }),
  minute: fc.integer({ min: 0, max: 59 }),
  second: fc.integer({ min: 0, max: 59 }),
  millisecond: fc.integer({ min: 0, max: 999 }),
  microsecond: fc.integer({ min: 0, max: 999 }),
};
export const anyDate: fc.Arbitrary<Temporal.PlainDate> = fc
  .record(dateParts)
  .map((parts) => Temporal.PlainDate.from(parts));
export const anyTime: fc.Arbitrary<Temporal.PlainTime> = fc
  .record(timeParts)
  .map((parts) => Temporal.PlainTime.from(parts));
export const naiveDateTime: fc.Arbitrary<Temporal.PlainDateTime> = fc
  .record({ ...dateParts, ...timeParts })
  .map((parts) => Temporal.PlainDateTime.from(parts));
export const awareDateTime: fc.Arbitrary<Temporal.ZonedDateTime> = fc
  .tuple(naiveDateTime, fc.integer({ min: -1439, max: 1439 }))
  .filter(([local]) => local.year > 1 && local.year < 9999)
  .map(([local, minutes]) => local.toZonedDateTime(offset(minutes)));

function offset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (part: number): string => String(Math.trunc(part)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

export const anyDecimal: fc.Arbitrary<Decimal> = fc
  .constantFrom("1.10", "1E+3", "NaN", "-Infinity", "0", "-0.00", "12345678901234567890.5")
  .map((text) => new Decimal(text));
export const anyUuid: fc.Arbitrary<Uuid> = fc.uuid().map((text) => new Uuid(text));

/** Trees of the leaves given: lists, and objects with awkward keys. */
export function treeOf(leaf: fc.Arbitrary<unknown>, key: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const keys = fc.oneof(key, fc.constantFrom("__proto__", "constructor", "toString", "toJSON", "__type__"));
  return fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("list"), tie("object")),
    list: fc.array(tie("tree"), { maxLength: 5 }),
    object: fc.array(fc.tuple(keys, tie("tree")), { maxLength: 5 }).map(toObject),
  }))["tree"] as fc.Arbitrary<unknown>;
}

function toObject(entries: readonly (readonly [string, unknown])[]): PlainObject {
  const object: PlainObject = {};
  for (const [key, value] of entries) setOwn(object, key, value);
  return object;
}

import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import {
  ByteArray,
  Decimal,
  DefaultDict,
  Float,
  FrozenSet,
  OrderedDict,
  type PlainObject,
  PythonError,
  setOwn,
  Tuple,
  Uuid,
} from "../protocol/index.ts";
import { spell } from "./spell.ts";

export { spell } from "./spell.ts";

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

/** Temporal's own limit is above Python's: 999999999 days. */
export const anyDuration: fc.Arbitrary<Temporal.Duration> = fc
  .oneof(
    fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
    fc.constantFrom(-1n, 0n, 86_399_999_999_000_000n),
  )
  .map((total) => {
    const microseconds = Number(total % 1_000_000n);
    return Temporal.Duration.from({ seconds: Number(total / 1_000_000n), microseconds }).round({
      largestUnit: "days",
    });
  });

/** Aware datetimes in named zones, some of them in the hour that comes twice. */
export const zonedDateTime: fc.Arbitrary<Temporal.ZonedDateTime> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 1_730_592_000, max: 1_730_617_200 })),
    fc.nat(999_999),
    fc.constantFrom("UTC", "Europe/Warsaw", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"),
  )
  .map(([seconds, microseconds, zone]) =>
    Temporal.Instant.fromEpochMilliseconds(seconds * 1000)
      .add({ microseconds })
      .toZonedDateTimeISO(zone),
  );

/** What Python can use as a key. No booleans and floats: Python takes True, 1 and 1.0 for the same key. */
const anyKey: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  key: fc.oneof(
    { depthSize: "small" },
    wellFormedText,
    fc.integer({ min: 2 }),
    wideInteger(-(2n ** 80n), 2n ** 80n),
    fc.uint8Array({ maxLength: 4 }),
    anyDate,
    anyUuid,
    tie("tuple"),
    tie("frozenset"),
  ),
  tuple: fc.array(tie("key"), { maxLength: 3 }).map((items) => Tuple.from(items)),
  frozenset: keysOf(tie("key")).map((items) => new FrozenSet(items)),
}))["key"] as fc.Arbitrary<unknown>;

function keysOf(key: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc.uniqueArray(key, { maxLength: 4, selector: (item) => JSON.stringify(spell(item)) });
}

function entriesOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<[unknown, unknown][]> {
  return fc
    .tuple(keysOf(fc.oneof(anyKey, fc.constant(null))), fc.array(value, { minLength: 4, maxLength: 4 }))
    .map(([keys, values]) => keys.map((key, index) => [key, values[index]]));
}

const anyPickleLeaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  anyText,
  anyNumber,
  wideInteger(-(10n ** 400n), 10n ** 400n),
  anyBytes,
  anyBytes.map((bytes) => ByteArray.from(bytes)),
  anyDate,
  anyTime,
  naiveDateTime,
  awareDateTime,
  zonedDateTime,
  anyDuration,
  anyDecimal,
  anyUuid,
  anyKey,
);

function pickleTreeOf(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => {
    const items = fc.array(tie("tree"), { maxLength: 4 });
    const entries = entriesOf(tie("tree"));
    return {
      tree: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        leaf,
        ...["plain", "other"].map((name) => tie(name)),
      ),
      plain: fc.oneof(
        treeOf(leaf, anyText),
        items,
        items.map((list) => Tuple.from(list)),
      ),
      other: fc.oneof(
        keysOf(anyKey).map((keys) => new Set(keys)),
        keysOf(anyKey).map((keys) => new FrozenSet(keys)),
        entries.map((members) => new Map(members)),
        entries.map((members) => new OrderedDict(members)),
        fc
          .tuple(fc.constantFrom("list", "int", "dict", "set", "str", null), entries)
          .map(([factory, members]) => new DefaultDict(factory, members)),
        fc
          .tuple(
            fc.constantFrom("ValueError", "KeyError", "Exception"),
            items,
            fc.option(fc.constant({ note: 1 })),
          )
          .map(([type, args, state]) => new PythonError(type, args, "builtins", state ?? undefined)),
      ),
    };
  })["tree"] as fc.Arbitrary<unknown>;
}

/** All that the pickle serializer carries by itself, and that `spell` can compare. */
export const anyPickleValue: fc.Arbitrary<unknown> = pickleTreeOf(anyPickleLeaf);

/** The same with floats that have no fraction: for readers that keep them apart from ints. */
export const anyExactPickleValue: fc.Arbitrary<unknown> = pickleTreeOf(
  fc.oneof(
    anyPickleLeaf,
    fc.maxSafeInteger().map((value) => new Float(value)),
  ),
);

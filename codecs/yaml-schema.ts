/**
 * YAML as PyYAML's safe_load and safe_dump understand it: YAML 1.1 with differences (`y` is text, `01:30` is text, sets and
 * binary are there). Source: yaml/resolver.py and yaml/constructor.py of PyYAML 6.0.3.
 */
import {
  defineMappingTag,
  defineScalarTag,
  NOT_RESOLVED,
  type ScalarTagDefinition,
  Schema,
  seqTag,
  strTag,
} from "js-yaml";
import { MAX_INTEGER_DIGITS } from "../protocol/json-parser.ts";
import { Float, type PlainObject, setOwn } from "../protocol/values.ts";
import { parseDate, parseDateTime } from "./python-time.ts";

const TAG = "tag:yaml.org,2002:";
const DIGITS = [..."0123456789"];

/** The tags only read; codecs/yaml-write.ts writes. */
const identify = (): boolean => false;

const nullTag = defineScalarTag<null>(`${TAG}null`, {
  implicit: true,
  implicitFirstChars: ["", "~", "n", "N"],
  resolve: (source) => (/^(?:~|null|Null|NULL|)$/.test(source) ? null : NOT_RESOLVED),
  identify,
});

const boolTag = defineScalarTag<boolean>(`${TAG}bool`, {
  implicit: true,
  implicitFirstChars: [..."yYnNtTfFoO"],
  resolve(source) {
    if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(source)) return true;
    return /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(source) ? false : NOT_RESOLVED;
  },
  identify,
});

const INTEGER = /^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0[0-7_]+|0|[1-9][\d_]*|[1-9][\d_]*(?::[0-5]?\d)+)$/;

const intTag = defineScalarTag<number | bigint>(`${TAG}int`, {
  implicit: true,
  implicitFirstChars: ["-", "+", ...DIGITS],
  resolve: (source) => (INTEGER.test(source) ? readInteger(source) : NOT_RESOLVED),
  identify,
});

function readInteger(source: string): number | bigint {
  const digits = source.replace(/[-+_]/g, "");
  if (digits.length > MAX_INTEGER_DIGITS)
    throw new RangeError(`an integer has more than ${MAX_INTEGER_DIGITS} digits`);
  // BigInt knows octal as 0o17, YAML 1.1 as 017.
  const size = digits.includes(":")
    ? digits.split(":").reduce((total, part) => total * 60n + BigInt(part), 0n)
    : BigInt(digits.replace(/^0(?=\d)/, "0o"));
  const exact = source.startsWith("-") ? -size : size;
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

const FLOAT =
  /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const floatTag = floatTagOf((value) => value);
const exactFloatTag = floatTagOf((value) => (Number.isInteger(value) ? new Float(value) : value));

function floatTagOf(toValue: (value: number) => number | Float): ScalarTagDefinition<number | Float> {
  return defineScalarTag<number | Float>(`${TAG}float`, {
    implicit: true,
    implicitFirstChars: ["-", "+", ".", ...DIGITS],
    resolve: (source) => (FLOAT.test(source) ? toValue(readFloat(source)) : NOT_RESOLVED),
    identify,
  });
}

function readFloat(source: string): number {
  const text = source.replace(/^[-+]/, "").replaceAll("_", "").toLowerCase();
  const sign = source.startsWith("-") ? -1 : 1;
  if (text === ".inf") return sign * Number.POSITIVE_INFINITY;
  if (text === ".nan") return Number.NaN;
  return sign * text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?)?$/;
const DATE = /^\d{4}-\d\d-\d\d$/;

const timestampTag = defineScalarTag<unknown>(`${TAG}timestamp`, {
  implicit: true,
  implicitFirstChars: DIGITS,
  resolve: (source) => readTimestamp(source),
  identify,
});

function readTimestamp(source: string): unknown {
  const match = TIMESTAMP.exec(source);
  if (match === null) return NOT_RESOLVED;
  const pad = (index: number): string => (match[index] ?? "00").padStart(2, "0");
  const date = `${match[1]}-${pad(2)}-${pad(3)}`;
  // A date alone has two digits each.
  if (match[4] === undefined) return DATE.test(source) ? parseDate(date) : NOT_RESOLVED;
  const fraction = (match[7] ?? "").slice(0, 6);
  const zone = match[8] ?? (match[9] === undefined ? "" : `${match[9]}${pad(10)}:${pad(11)}`);
  return parseDateTime(`${date}T${pad(4)}:${pad(5)}:${pad(6)}${fraction && `.${fraction}`}${zone}`);
}

const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;

const binaryTag = defineScalarTag<Uint8Array>(`${TAG}binary`, {
  resolve(source) {
    const text = source.replace(/\s/g, "");
    const isWhole = text.length % 4 === 0 && BASE64.test(text);
    return isWhole ? Uint8Array.from(Buffer.from(text, "base64")) : NOT_RESOLVED;
  },
  identify,
});

/** What a mapping becomes: an object, or with other keys than strings a Map. */
interface Mapping {
  members: PlainObject | Map<unknown, unknown>;
}

const mapTag = defineMappingTag<Mapping, Mapping["members"]>(`${TAG}map`, {
  create: () => ({ members: {} }),
  addPair(mapping, key, value) {
    if (!isScalar(key)) return "a key of a mapping is neither text, number, boolean nor null";
    if (!(mapping.members instanceof Map)) {
      if (typeof key === "string") {
        setOwn(mapping.members, key, value);
        return "";
      }
      mapping.members = new Map(Object.entries(mapping.members));
    }
    mapping.members.set(key, value);
    return "";
  },
  finalize: ({ members }) => members,
  has: () => false,
  keys: (members) => toMap(members).keys(),
  get: (members, key) => toMap(members).get(key),
  identify,
});

function toMap(members: Mapping["members"]): Map<unknown, unknown> {
  return members instanceof Map ? members : new Map(Object.entries(members));
}

const SCALARS: ReadonlySet<string> = new Set(["string", "number", "bigint", "boolean"]);

/** True for what may be a key of a mapping and an item of a set. */
export function isScalar(value: unknown): boolean {
  return value === null || SCALARS.has(typeof value) || value instanceof Float;
}

const setTag = defineMappingTag<Set<unknown>>(`${TAG}set`, {
  create: () => new Set(),
  addPair(items, item) {
    items.add(item);
    return "";
  },
  has: () => false,
  keys: (items) => items.keys(),
  get: () => null,
  identify,
});

/** `<<` merges mappings, a way to multiply them that no dumper uses: refused. */
const mergeTag = sign("merge", "<<", () => {
  throw new TypeError("merge keys (<<) are not supported");
});

/** PyYAML cannot read a bare `=`. */
const valueTag = sign("value", "=", () => "=");

function sign(name: string, text: string, read: () => string): ScalarTagDefinition<string> {
  return defineScalarTag<string>(TAG + name, {
    implicit: true,
    implicitFirstChars: [text.charAt(0)],
    resolve: (source) => (source === text ? read() : NOT_RESOLVED),
    identify,
  });
}

// The first tag that knows a text is taken.
const scalarTags = [nullTag, boolTag, intTag, floatTag, timestampTag, mergeTag, valueTag, binaryTag];
const otherTags = [strTag, seqTag, setTag, mapTag];

/** What safe_load accepts, less merge keys; every other tag is an error. */
export const LOAD_SCHEMA: Schema = new Schema([...scalarTags, ...otherTags]);

/** The same with a Float for every float without a fraction. */
export const EXACT_LOAD_SCHEMA: Schema = new Schema([
  ...scalarTags.map((tag) => (tag === floatTag ? exactFloatTag : tag)),
  ...otherTags,
]);

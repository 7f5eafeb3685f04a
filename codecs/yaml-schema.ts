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

/** A date or time to write, as its text. */
export class YamlTimestamp {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const nullTag = defineScalarTag<null>(`${TAG}null`, {
  implicit: true,
  implicitFirstChars: ["", "~", "n", "N"],
  resolve: (source) => (/^(?:~|null|Null|NULL|)$/.test(source) ? null : NOT_RESOLVED),
  identify: (value: unknown) => value === null,
  represent: () => "null",
});

const boolTag = defineScalarTag<boolean>(`${TAG}bool`, {
  implicit: true,
  implicitFirstChars: [..."yYnNtTfFoO"],
  resolve(source) {
    if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(source)) return true;
    return /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(source) ? false : NOT_RESOLVED;
  },
  identify: (value: unknown) => typeof value === "boolean",
});

const INTEGER = /^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0[0-7_]+|0|[1-9][\d_]*|[1-9][\d_]*(?::[0-5]?\d)+)$/;

const intTag = defineScalarTag<number | bigint>(`${TAG}int`, {
  implicit: true,
  implicitFirstChars: ["-", "+", ...DIGITS],
  resolve: (source) => (INTEGER.test(source) ? readInteger(source) : NOT_RESOLVED),
  identify: (value: unknown) =>
    typeof value === "bigint" || (Number.isSafeInteger(value) && !Object.is(value, -0)),
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
    identify: (value: unknown) => typeof value === "number" || value instanceof Float,
    represent: (value: number | Float) => floatText(Number(value)),
  });
}

function readFloat(source: string): number {
  const text = source.replace(/^[-+]/, "").replaceAll("_", "").toLowerCase();
  const sign = source.startsWith("-") ? -1 : 1;
  if (text === ".inf") return sign * Number.POSITIVE_INFINITY;
  if (text === ".nan") return Number.NaN;
  return sign * text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

/** A float has a dot: PyYAML takes `1e+21` for text, and 2^53 without one would be an integer. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.includes(".") ? text : text.replace(/(?=e|$)/, ".0");
}

const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?)?$/;
const DATE = /^\d{4}-\d\d-\d\d$/;

const timestampTag = defineScalarTag<unknown>(`${TAG}timestamp`, {
  implicit: true,
  implicitFirstChars: DIGITS,
  resolve: (source) => readTimestamp(source),
  identify: (value: unknown) => value instanceof YamlTimestamp,
  represent: (value: YamlTimestamp) => value.text,
});

function readTimestamp(source: string): unknown {
  const match = matchTimestamp(source);
  if (match === undefined) return NOT_RESOLVED;
  const pad = (index: number): string => (match[index] ?? "00").padStart(2, "0");
  const date = `${match[1]}-${pad(2)}-${pad(3)}`;
  if (match[4] === undefined) return parseDate(date);
  const fraction = (match[7] ?? "").slice(0, 6);
  const zone = match[8] ?? (match[9] === undefined ? "" : `${match[9]}${pad(10)}:${pad(11)}`);
  return parseDateTime(`${date}T${pad(4)}:${pad(5)}:${pad(6)}${fraction && `.${fraction}`}${zone}`);
}

function matchTimestamp(source: string): RegExpExecArray | undefined {
  const match = TIMESTAMP.exec(source);
  // A date alone has two digits each.
  return match !== null && (match[4] !== undefined || DATE.test(source)) ? match : undefined;
}

const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;

const binaryTag = defineScalarTag<Uint8Array>(`${TAG}binary`, {
  resolve(source) {
    const text = source.replace(/\s/g, "");
    const isWhole = text.length % 4 === 0 && BASE64.test(text);
    return isWhole ? Uint8Array.from(Buffer.from(text, "base64")) : NOT_RESOLVED;
  },
  identify: (value: unknown) => value instanceof Uint8Array,
  represent: (value: Uint8Array) => Buffer.from(value).toString("base64"),
});

const mapTag = defineMappingTag<PlainObject>(`${TAG}map`, {
  create: () => ({}),
  addPair(members, key, value) {
    const name = keyText(key);
    if (name === undefined) return "a key of a mapping is neither text, number, boolean nor null";
    setOwn(members, name, value);
    return "";
  },
  has: () => false,
  keys: Object.keys,
  get: (members, key) => members[String(key)],
  identify: (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value),
  represent: (members: PlainObject) => new Map(Object.entries(members)),
});

/** Keys that are no strings become what Python's json would make of them. */
function keyText(key: unknown): string | undefined {
  if (key === null || ["string", "number", "bigint", "boolean"].includes(typeof key)) return String(key);
  if (key instanceof Float) return floatText(Number(key));
  return undefined;
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
  identify: (value: unknown) => value instanceof Set,
  represent: (items: Set<unknown>) => new Map([...items].map((item) => [item, null])),
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
    identify: () => false,
  });
}

// The first tag that knows a text, or a value, is taken.
const scalarTags = [nullTag, boolTag, intTag, floatTag, timestampTag, mergeTag, valueTag, binaryTag];
const otherTags = [strTag, seqTag, setTag, mapTag];

/** What safe_load accepts, less merge keys; every other tag is an error. */
export const LOAD_SCHEMA: Schema = new Schema([...scalarTags, ...otherTags]);

/** The same with a Float for every float without a fraction. */
export const EXACT_LOAD_SCHEMA: Schema = new Schema([
  ...scalarTags.map((tag) => (tag === floatTag ? exactFloatTag : tag)),
  ...otherTags,
]);

/** To quote text that looks like a time, the dumper need not read it. */
const timestampText: ScalarTagDefinition = {
  ...timestampTag,
  resolve: (source) => matchTimestamp(source) ?? NOT_RESOLVED,
};

/** The dumper quotes text that some tag claims, and text that would be an error, such as `2024-02-30`, needs it too. */
export const DUMP_SCHEMA: Schema = new Schema([...scalarTags.map(forDumping), ...otherTags]);

function forDumping(tag: ScalarTagDefinition): ScalarTagDefinition {
  if (tag === timestampTag) return timestampText;
  return {
    ...tag,
    resolve(source, isExplicit, tagName) {
      try {
        return tag.resolve(source, isExplicit, tagName);
      } catch {
        return source;
      }
    },
  };
}

/**
 * Python values inside JSON: objects of exactly the two keys `__type__` and `__value__`.
 * Source: kombu/utils/json.py of 5.7; the reading half is codecs/json.ts.
 */
import { formatIsoTime } from "./iso-time.ts";
import { Decimal, Uuid } from "./values.ts";

/** kombu's envelope around a value that JSON lacks. */
export interface TypedValue {
  readonly __type__: string;
  readonly __value__: unknown;
}

/** A date or time as Python's isoformat() prints it. */
export interface PythonTime {
  readonly type: "datetime" | "date" | "time";
  readonly text: string;
}

/** Temporal classes by their tags: a caller may use the polyfill or a native Temporal. */
const TIME_TYPES: Readonly<Record<string, PythonTime["type"]>> = {
  "[object Temporal.Instant]": "datetime",
  "[object Temporal.ZonedDateTime]": "datetime",
  "[object Temporal.PlainDateTime]": "datetime",
  "[object Temporal.PlainDate]": "date",
  "[object Temporal.PlainTime]": "time",
};

/** Python's datetime.MINYEAR and MAXYEAR, as milliseconds since 1970. */
const MIN_TIME_MS = Date.parse("0001-01-01T00:00:00Z");
const MAX_TIME_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** The typed form of an object, undefined when kombu has none. Throws RangeError for times that Python cannot hold. */
export function toTypedValue(value: object): TypedValue | undefined {
  if (value instanceof Uint8Array) return bytesValue(value);
  if (value instanceof Decimal) return { __type__: "decimal", __value__: value.text };
  if (value instanceof Uuid) return { __type__: "uuid", __value__: { hex: value.hex } };
  const time = toPythonTime(value);
  return time && { __type__: time.type, __value__: time.text };
}

/** The Python text of a Date or Temporal object, cut to microseconds; undefined for other objects. Throws RangeError. */
export function toPythonTime(value: object): PythonTime | undefined {
  if (value instanceof Date) return { type: "datetime", text: dateText(value) };
  const type = TIME_TYPES[Object.prototype.toString.call(value)];
  return type && { type, text: temporalText(value as TemporalLike) };
}

/** What is used of a Temporal object; the offset is there in ZonedDateTime only. */
interface TemporalLike {
  readonly offsetNanoseconds?: number;
  toPlainDateTime?(): TemporalLike;
  toString(options: {
    readonly fractionalSecondDigits: 6;
    readonly calendarName: "never";
    readonly timeZone?: "UTC";
  }): string;
}

function dateText(date: Date): string {
  const timestampMs = date.getTime();
  // Not the other way round, so that the NaN of an invalid Date is caught.
  if (!(timestampMs >= MIN_TIME_MS && timestampMs <= MAX_TIME_MS))
    throw new RangeError("the Date is invalid or outside the years 1 to 9999");
  return formatIsoTime(timestampMs);
}

function temporalText(value: TemporalLike): string {
  const { offsetNanoseconds } = value;
  const isInstant = Object.prototype.toString.call(value) === "[object Temporal.Instant]";
  const local = (offsetNanoseconds !== undefined && value.toPlainDateTime?.()) || value;
  const text = local
    .toString({
      fractionalSecondDigits: 6,
      calendarName: "never",
      ...(isInstant && { timeZone: "UTC" }),
    })
    .replace(".000000", "");
  if (/^([+-]|0000-)/.test(text)) throw new RangeError("the year must be from 1 to 9999");
  return offsetNanoseconds === undefined ? text : text + offsetText(offsetNanoseconds);
}

/** `+hh:mm`, with `:ss` for the local mean times of old dates: Temporal itself would round those to minutes. */
function offsetText(nanoseconds: number): string {
  const seconds = Math.abs(Math.trunc(nanoseconds / 1e9));
  const parts = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60];
  const shown = seconds % 60 === 0 ? parts.slice(0, 2) : parts;
  return (nanoseconds < 0 ? "-" : "+") + shown.map((part) => String(part).padStart(2, "0")).join(":");
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function bytesValue(bytes: Uint8Array): TypedValue {
  try {
    return { __type__: "bytes", __value__: strictUtf8.decode(bytes) };
  } catch {
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
    return { __type__: "base64", __value__: base64 };
  }
}

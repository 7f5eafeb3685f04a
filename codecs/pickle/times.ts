/** Python's dates and times: the bytes that they are pickled as, and their zones. Source: CPython's Lib/_pydatetime.py. */
import { Temporal } from "temporal-polyfill";
import { toPythonTime } from "../../protocol/typed-values.ts";
import { PickledObject } from "../../protocol/values.ts";
import type { PythonDateTime } from "../python-time.ts";

/** In the month of a datetime and the hour of a time: the second of two equal wall times (PEP 495). */
const FOLD = 0x80;
const DATE_BYTES = 4;
const TIME_BYTES = 6;
const DATE_TIME_BYTES = 10;
const MAX_DAYS = 999_999_999n;
const MICROSECONDS_PER_DAY = 86_400_000_000n;

/** Reads a datetime's state. undefined when Temporal has no such zone. Throws RangeError. */
export function readDateTime(state: Uint8Array, zone?: unknown): PythonDateTime | undefined {
  requireLength(state, DATE_TIME_BYTES);
  const [month = 0] = state.subarray(2);
  const local = readDateParts(state).toPlainDateTime(readTimeParts(state.subarray(DATE_BYTES)));
  if (zone === undefined || zone === null) return local;
  const zoneId = idOfZone(zone);
  return zoneId === undefined ? undefined : inZone(local, zoneId, month >= FOLD);
}

/** Reads a date's state. Throws RangeError. */
export function readDate(state: Uint8Array): Temporal.PlainDate {
  requireLength(state, DATE_BYTES);
  return readDateParts(state);
}

/** Reads a time's state. Throws RangeError. */
export function readTime(state: Uint8Array): Temporal.PlainTime {
  requireLength(state, TIME_BYTES);
  return readTimeParts(state);
}

function requireLength(state: Uint8Array, length: number): void {
  if (state.length !== length)
    throw new RangeError(`its state has ${state.length} bytes instead of ${length}`);
}

function readDateParts([high = 0, low = 0, month = 0, day = 0]: Uint8Array): Temporal.PlainDate {
  const year = high * 256 + low;
  if (year < 1 || year > 9999) throw new RangeError(`its year is ${year}`);
  return Temporal.PlainDate.from({ year, month: month & ~FOLD, day }, { overflow: "reject" });
}

function readTimeParts([hour = 0, minute = 0, second = 0, ...micro]: Uint8Array): Temporal.PlainTime {
  const [high = 0, middle = 0, low = 0] = micro;
  const microseconds = high * 65_536 + middle * 256 + low;
  if (microseconds > 999_999 || second > 59) throw new RangeError("its second is out of range");
  const [millisecond, microsecond] = [Math.trunc(microseconds / 1000), microseconds % 1000];
  return Temporal.PlainTime.from(
    { hour: hour & ~FOLD, minute, second, millisecond, microsecond },
    { overflow: "reject" },
  );
}

/** What Temporal calls a zone: `+05:30`, `Europe/Warsaw`. undefined for offsets with seconds, which it has not. */
function idOfZone(zone: unknown): string | undefined {
  if (!(zone instanceof PickledObject)) throw new RangeError("its zone is no timezone");
  const [first] = zone.args ?? [];
  if (zone.name === "ZoneInfo") return typeof first === "string" ? first : undefined;
  const total = first instanceof Temporal.Duration ? first.total("minutes") : Number.NaN;
  if (zone.name !== "timezone" || !Number.isInteger(total)) return undefined;
  const minutes = Math.abs(total);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${total < 0 ? "-" : "+"}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}

/** The same instant as in Python, for wall times that come twice or never too. */
function inZone(local: Temporal.PlainDateTime, zoneId: string, isFold: boolean): PythonDateTime | undefined {
  try {
    const first = local.toZonedDateTime(zoneId);
    if (!isFold) return first;
    const isThere = first.toPlainDateTime().equals(local);
    return local.toZonedDateTime(zoneId, { disambiguation: isThere ? "later" : "earlier" });
  } catch {
    // A zone that this computer does not know.
    return undefined;
  }
}

/** Reads a timedelta. Throws RangeError. */
export function readDuration(days: bigint, seconds: bigint, microseconds: bigint): Temporal.Duration {
  const total = days * MICROSECONDS_PER_DAY + seconds * 1_000_000n + microseconds;
  if (total < -MAX_DAYS * MICROSECONDS_PER_DAY || total >= (MAX_DAYS + 1n) * MICROSECONDS_PER_DAY)
    throw new RangeError(`it is longer than ${MAX_DAYS} days`);
  const parts: number[] = [];
  let rest = total;
  for (const size of [1000n, 1000n, 60n, 60n, 24n]) {
    parts.unshift(Number(rest % size));
    rest /= size;
  }
  const [hours = 0, minutes = 0, seconds_ = 0, milliseconds = 0, microseconds_ = 0] = parts;
  return Temporal.Duration.from({
    days: Number(rest),
    hours,
    minutes,
    seconds: seconds_,
    milliseconds,
    microseconds: microseconds_,
  });
}

/** What Python's timedelta() is called with. Throws RangeError for months and years, which have no length. */
export function durationParts(value: Temporal.Duration): readonly bigint[] {
  if (value.years !== 0 || value.months !== 0)
    throw new RangeError("a Duration of years or months has no length");
  const { days, weeks, hours, minutes, seconds, milliseconds, microseconds, nanoseconds } = value;
  const parts = [days + 7 * weeks, hours, minutes, seconds, milliseconds, microseconds, nanoseconds];
  const sizes = [24n, 60n, 60n, 1000n, 1000n, 1000n];
  const total = parts
    .slice(1)
    .reduce((sum, part, index) => sum * (sizes[index] ?? 1n) + BigInt(part), BigInt(parts[0] ?? 0));
  // Cut to microseconds; Python's seconds and microseconds are never negative.
  const whole = total / 1000n;
  const dayCount = (whole - modulo(whole, MICROSECONDS_PER_DAY)) / MICROSECONDS_PER_DAY;
  if (dayCount < -MAX_DAYS || dayCount > MAX_DAYS)
    throw new RangeError(`a Duration is longer than ${MAX_DAYS} days`);
  const inDay = modulo(whole, MICROSECONDS_PER_DAY);
  return [dayCount, inDay / 1_000_000n, inDay % 1_000_000n];
}

function modulo(value: bigint, size: bigint): bigint {
  return ((value % size) + size) % size;
}

/** A date or time as Python pickles it. */
export interface TimeState {
  readonly type: "datetime" | "date" | "time";
  readonly state: Uint8Array;
  /** Of an aware datetime: `+05:30` or `Europe/Warsaw`. */
  readonly zoneId: string | undefined;
}

const PARTS = /^(?:(\d{4})-(\d\d)-(\d\d))?T?(?:(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?)?/;

/** The state of a Date or Temporal object; undefined for other objects. Throws RangeError. */
export function toTimeState(value: object): TimeState | undefined {
  const time = toPythonTime(value);
  if (time === undefined) return undefined;
  const [year, month, day, hour, minute, second, micro] = (PARTS.exec(time.text) ?? [])
    .slice(1)
    .map(numberOf);
  const date = year === undefined ? [] : [year >> 8, year & 0xff, month ?? 0, day ?? 0];
  const micros = micro ?? 0;
  const clock =
    hour === undefined
      ? []
      : [hour, minute ?? 0, second ?? 0, micros >> 16, (micros >> 8) & 0xff, micros & 0xff];
  const state = Uint8Array.from([...date, ...clock]);
  const zoneId = zoneOf(value, time.text);
  if (zoneId !== undefined && isSecondOfTwo(value as Temporal.ZonedDateTime))
    state[2] = (state[2] ?? 0) | FOLD;
  return { type: time.type, state, zoneId };
}

function numberOf(part: string | undefined): number | undefined {
  return part === undefined ? undefined : Number(part);
}

function zoneOf(value: object, text: string): string | undefined {
  const named: unknown = Reflect.get(value, "timeZoneId");
  if (typeof named === "string") return named;
  // A Date or an Instant.
  return text.endsWith("+00:00") ? "+00:00" : undefined;
}

function isSecondOfTwo(value: Temporal.ZonedDateTime): boolean {
  if (value.timeZoneId === undefined || /^[+-]/.test(value.timeZoneId)) return false;
  const first = value.toPlainDateTime().toZonedDateTime(value.timeZoneId, { disambiguation: "earlier" });
  return first.offsetNanoseconds !== value.offsetNanoseconds;
}

/** The offset of a zone id such as `+05:30` as a Duration, undefined for names. */
export function offsetOf(zoneId: string): Temporal.Duration | undefined {
  const match = /^([+-])(\d\d):(\d\d)$/.exec(zoneId);
  if (match === null) return undefined;
  const minutes = (Number(match[2]) * 60 + Number(match[3])) * (match[1] === "-" ? -1 : 1);
  return Temporal.Duration.from({ minutes });
}

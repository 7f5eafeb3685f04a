/** Python's dates and times as Temporal objects. */
import { Temporal } from "temporal-polyfill";

const ZONE = /(?:Z|([+-])(\d\d):(\d\d)(:\d\d(?:\.\d+)?)?)$/;
const DATE = /^(?!0000)\d{4}-\d\d-\d\d$/;
const TIME = /^\d\d:\d\d(?::[0-5]\d(?:\.\d{1,6})?)?$/;

/** A datetime with or without an offset; naive ones stay without a zone. */
export type PythonDateTime = Temporal.PlainDateTime | Temporal.ZonedDateTime;

/**
 * Reads `datetime.isoformat()`: `2024-02-29T12:00:01.000005+00:00`. undefined for offsets with seconds, which Temporal
 * cannot hold. Throws RangeError for anything else.
 */
export function parseDateTime(text: string): PythonDateTime | undefined {
  const zone = ZONE.exec(text);
  const [date = "", time = "00:00"] = text.slice(0, zone?.index).split(/[T ]/, 2);
  if (!DATE.test(date) || !TIME.test(time)) throw new RangeError(`no datetime: ${shown(text)}`);
  const local = Temporal.PlainDateTime.from(`${date}T${time}`);
  if (zone === null) return local;
  const [, sign = "+", hours = "00", minutes = "00", seconds] = zone;
  if (seconds !== undefined) return undefined;
  const isUtc = Number(hours) === 0 && Number(minutes) === 0;
  return local.toZonedDateTime(isUtc ? "+00:00" : `${sign}${hours}:${minutes}`);
}

/** Reads `date.isoformat()`; of a datetime, its date. Throws RangeError. */
export function parseDate(text: string): Temporal.PlainDate {
  if (DATE.test(text)) return Temporal.PlainDate.from(text);
  const [date = ""] = text.split(/[T ]/, 1);
  parseDateTime(text);
  return Temporal.PlainDate.from(date);
}

/** Reads `time.isoformat()`. undefined for times with an offset, for which Temporal has no type. Throws RangeError. */
export function parseTime(text: string): Temporal.PlainTime | undefined {
  const zone = ZONE.exec(text);
  const local = text.slice(0, zone?.index);
  if (!TIME.test(local)) throw new RangeError(`no time: ${shown(text)}`);
  const time = Temporal.PlainTime.from(local);
  return zone === null ? time : undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

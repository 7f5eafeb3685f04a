/** ISO 8601 times as Celery writes and reads them. Source: celery/utils/time.py and dateutil's isoparse. */
import { DecodeError } from "./errors.ts";

const TIME =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/** Milliseconds since 1970 of an ISO 8601 text. Times without an offset are UTC, as in a worker with `enable_utc`. */
export function parseIsoTime(text: string, field: string): number {
  const match = text.length <= 64 ? TIME.exec(text) : null;
  if (match === null) throw badTime(field, text);
  const part = (index: number): number => Number(match[index] ?? "0");
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minute, second] = [part(4), part(5), part(6)];
  const milliseconds = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  // setUTCFullYear, because Date.UTC reads years below 100 as 19xx.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const sameDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (year === 0 || !sameDay || hour > 23 || minute > 59 || second > 59) throw badTime(field, text);
  date.setUTCHours(hour, minute, second, milliseconds);
  return date.getTime() - offsetMs(match[8] ?? "Z");
}

function offsetMs(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || "0");
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

function badTime(field: string, text: string): DecodeError {
  const shown = JSON.stringify(text.slice(0, 64));
  return new DecodeError(
    "bad_eta",
    `"${field}" is ${shown}; it must be an ISO 8601 time such as 2030-01-02T03:04:05+00:00.`,
  );
}

/** Python's `datetime.isoformat()` of a UTC time: `2030-01-02T03:04:05.678000+00:00`, without a fraction when it is zero. */
export function formatIsoTime(timestampMs: number): string {
  const text = new Date(timestampMs).toISOString();
  const fraction = text.slice(20, 23);
  return `${text.slice(0, 19)}${fraction === "000" ? "" : `.${fraction}000`}+00:00`;
}

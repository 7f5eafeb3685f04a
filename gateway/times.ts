/** Times and durations as callers write them: RFC 3339 with an offset, ISO 8601 durations or seconds. */
import { formatIsoTime, parseIsoTime } from "../protocol/index.ts";
import { Problem } from "./problems.ts";

/** No year and month: they have no fixed length. */
const DURATION =
  /^P(?=[\dT])(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/;
const SECONDS_OF_PART = [604_800, 86_400, 3600, 60, 1];
const WITH_OFFSET = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Longest delay and expiry: ten years, in seconds. */
export const MAX_DELAY_SECONDS = 315_576_000;

/** `PT1H30M` in seconds; undefined when the text is no such duration. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  return parts.reduce((sum, part, at) => sum + Number(part ?? 0) * (SECONDS_OF_PART[at] ?? 0), 0);
}

/** Seconds from now, given as a number or as an ISO 8601 duration. Throws Problem `invalid-arguments`. */
export function readDelay(value: number | string, pointer: string): number {
  const seconds = typeof value === "number" ? value : parseDuration(value);
  if (seconds !== undefined && seconds >= 0 && seconds <= MAX_DELAY_SECONDS) return seconds;
  const detail = `must be seconds from 0 to ${MAX_DELAY_SECONDS}, or an ISO 8601 duration of weeks, days, hours, minutes and seconds such as PT30S`;
  throw new Problem("invalid-arguments", { members: { errors: [{ pointer, detail }] } });
}

/** A point in time as the app takes it. Throws Problem `bad-eta` for text without an offset, or that is no time. */
export function readTime(text: string, pointer: string): string {
  const field = pointer.slice(1);
  if (WITH_OFFSET.test(text)) return formatIsoTime(parseIsoTime(text.toUpperCase(), field));
  const detail = `"${field}" must be RFC 3339 with an offset, such as 2030-01-02T03:04:05Z or 2030-01-02T03:04:05+01:00`;
  throw new Problem("bad-eta", { detail, members: { errors: [{ pointer, detail }] } });
}

/** When a task that has not started is dropped: seconds from now, or a point in time. Throws what the two above throw. */
export function readExpires(expires: number | string, pointer: string): number | string {
  if (typeof expires === "number" || parseDuration(expires) !== undefined) return readDelay(expires, pointer);
  return readTime(expires, pointer);
}

/** A stored time with its offset: Python writes UTC without one. */
export function withOffset(text: string): string {
  return /(?:[Zz]|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}+00:00`;
}

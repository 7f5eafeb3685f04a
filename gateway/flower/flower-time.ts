/** Times as Flower's callers write them. */
import { Temporal } from "temporal-polyfill";
import { parseIsoTime } from "../../protocol/index.ts";
import { FlowerRefusal } from "./route.ts";

/** `%Y-%m-%d %H:%M:%S.%f` */
const NAIVE = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}\.\d{1,6})$/;
/** `%Y-%m-%d %H:%M` */
const MINUTE = /^(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2})$/;
const WITH_OFFSET = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;

/**
 * `2030-01-02 03:04:05.0` in the app's time zone, or RFC 3339 with an offset, as RFC 3339 in UTC. undefined for what is no
 * such time.
 */
export function readFlowerTime(text: string, timezone: string): string | undefined {
  const [, date, time] = NAIVE.exec(text) ?? [];
  try {
    if (date !== undefined && time !== undefined)
      return Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(timezone).toInstant().toString();
    if (!WITH_OFFSET.test(text)) return undefined;
    return new Date(parseIsoTime(text.toUpperCase(), "eta")).toISOString();
  } catch {
    return undefined;
  }
}

/** `2030-01-02 03:04` in this process's time zone, in seconds since 1970. Throws FlowerRefusal 400. */
export function readFlowerMinute(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = (MINUTE.exec(text) ?? []).slice(1).map(Number);
  const time = new Date(year, month - 1, day, hour, minute);
  // 31 February would be a day in March.
  const isTime = time.getMonth() === month - 1 && time.getDate() === day && hour < 24 && minute < 60;
  if (isTime) return time.getTime() / 1000;
  throw new FlowerRefusal(400, "Invalid received_start or received_end, expected format 'YYYY-MM-DD HH:MM'");
}

/**
 * Celery hands its tables an aware time, in a column that has no zone. SQLite keeps the wall clock of the app's zone and
 * drops the offset; PostgreSQL converts to the wall clock of the session's zone (the server's `timezone`, as nobody sets it).
 * Seen with SQLAlchemy 2.1 and psycopg2.
 */
import { Temporal } from "temporal-polyfill";
import type { SqlDialect } from "../../stores/sql/index.ts";

/** How `date_done` is written and read in one database. */
export interface DateDone {
  /** Placeholder of the column in INSERT, and of a time to compare it with. */
  readonly placeholder: string;
  /** What to select to get the wall clock of the app's zone, and the values of its placeholders. */
  readonly selected: string;
  readonly params: readonly string[];
  /** The value for `placeholder`; null when the text is no ISO 8601 time. */
  toColumn(iso: string): string | null;
  /** What was selected as ISO 8601 with the offset of the app's zone; null when it is no time. */
  toIso(text: string): string | null;
}

/** `timezone` is the app's IANA zone. */
export function dateDone(dialect: SqlDialect, timezone: string): DateDone {
  const toIso = (text: string): string | null => fromWallClock(text, timezone);
  if (dialect === "sqlite") {
    const toColumn = (iso: string): string | null => toWallClock(iso, timezone);
    return { placeholder: "?", selected: "date_done", params: [], toColumn, toIso };
  }
  return {
    placeholder: "CAST(? AS timestamptz)",
    selected: "CAST(date_done AS timestamptz) AT TIME ZONE CAST(? AS text) AS date_done",
    params: [timezone],
    toColumn(iso) {
      const utc = toWallClock(iso, "UTC");
      return utc === null ? null : `${utc}+00:00`;
    },
    toIso,
  };
}

const PLAIN_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?$/;
const UTC_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?:Z|[+-]00:?00)$/;

/** `2026-11-20 23:59:38.848981`, with SQLAlchemy's six digits. */
function toWallClock(iso: string, timezone: string): string | null {
  // The usual case without calendar arithmetic, which is slow.
  const utc = timezone === "UTC" ? UTC_TIME.exec(iso) : null;
  if (utc !== null) return `${utc[1]} ${utc[2]}.${(utc[3] ?? "").padEnd(6, "0")}`;
  try {
    const local = Temporal.Instant.from(iso).toZonedDateTimeISO(timezone).toPlainDateTime();
    return local.toString({ fractionalSecondDigits: 6 }).replace("T", " ");
  } catch {
    return null;
  }
}

function fromWallClock(text: string, timezone: string): string | null {
  const [, date, time, fraction = ""] = PLAIN_TIME.exec(text) ?? [];
  if (date === undefined || time === undefined) return null;
  // PostgreSQL leaves out zeros at the end; Python writes six digits or none.
  const local = `${date}T${time}${/^0*$/.test(fraction) ? "" : `.${fraction.padEnd(6, "0")}`}`;
  if (timezone === "UTC") return `${local}+00:00`;
  try {
    return `${local}${Temporal.PlainDateTime.from(local).toZonedDateTime(timezone).offset}`;
  } catch {
    return null;
  }
}

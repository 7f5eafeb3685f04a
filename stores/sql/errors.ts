/** What drivers' errors mean, whatever the driver. */
import { isPlainObject } from "../../protocol/values.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_FULL = 13;

const SQLITE_NAMES: Readonly<Record<string, number>> = {
  SQLITE_BUSY,
  SQLITE_LOCKED,
  SQLITE_FULL,
};

/** PostgreSQL's SQLSTATE classes and codes after which the same call may succeed (appendix A of its manual). */
const TRANSIENT_STATES = /^(08|57P0|53[023]|40001|40P01|55P03)/;
/** Node's and pg's own words for a connection that is not there. */
const LOST_CONNECTION =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|ENOTFOUND)|Connection terminated|timeout|not queryable/;

/** True when another connection holds the lock this one needs (SQLite). */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** True when the same call may succeed later: a lock, a lost connection, a deadlock, a restart. */
export function isTransient(error: unknown): boolean {
  if (isBusy(error)) return true;
  return TRANSIENT_STATES.test(codeOf(error)) || LOST_CONNECTION.test(codeOf(error) || messageOf(error));
}

/** True when the database rolled a transaction back to end a deadlock or a conflict: all of it may be done anew. */
export function isRolledBack(error: unknown): boolean {
  return /^40(?:001|P01)$/.test(codeOf(error));
}

/** True when the database refuses a value (too long, NUL in text, out of range): the same row will never be taken. */
export function isBadData(error: unknown): boolean {
  return /^22[0-9A-Z]{3}$/.test(codeOf(error));
}

/** True when the database has no room for more. */
export function isFull(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_FULL || codeOf(error) === "53100";
}

/** True when a table is gone that was there: the database was emptied or replaced under us. */
export function isMissingTable(error: unknown): boolean {
  return codeOf(error) === "42P01" || /no such table/.test(messageOf(error));
}

/** True when somebody else created the same table, column or index a moment earlier. */
export function isDuplicateObject(error: unknown): boolean {
  return (
    /^(42P07|42701|42710|23505)$/.test(codeOf(error)) ||
    /already exists|duplicate column/.test(messageOf(error))
  );
}

function sqliteCode(error: unknown): number | undefined {
  // node:sqlite has a number in `errcode`; better-sqlite3 and libsql have SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT... in `code`.
  const number = property(error, "errcode");
  if (typeof number === "number") return number & 0xff;
  const name = /^SQLITE_[A-Z]+/.exec(codeOf(error))?.[0];
  return name === undefined ? undefined : SQLITE_NAMES[name];
}

function codeOf(error: unknown): string {
  const code = property(error, "code");
  return typeof code === "string" ? code : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

function property(error: unknown, name: string): unknown {
  if (error instanceof Error) return Object.getOwnPropertyDescriptor(error, name)?.value;
  return isPlainObject(error) ? error[name] : undefined;
}

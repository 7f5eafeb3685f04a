/** Commands on strings. */
import type { Database } from "../data/database.ts";
import { StringValue } from "../data/values.ts";
import { OK, Refusal, type Reply } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { ALL, type CommandTable, grow, read, shrink } from "./command.ts";
import { type ExpiryUnit, isExpiryUnit, readExpiry } from "./expiry.ts";

const MAX_STRING = 64 * 1024 * 1024;
const TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
const EMPTY = Buffer.alloc(0);

/** The string at a key. Throws WRONGTYPE. */
function text(database: Database, key: string): Buffer | undefined {
  return database.typed(key, "string")?.value;
}

interface SetOptions {
  readonly condition: "NX" | "XX" | undefined;
  readonly wantsOld: boolean;
  readonly keepsExpiry: boolean;
  readonly expiresAtMs: number | undefined;
}

function readSetOptions(args: Arguments): SetOptions {
  let condition: SetOptions["condition"];
  let expiresAtMs: number | undefined;
  let [wantsOld, keepsExpiry] = [false, false];
  for (let at = 2; at < args.length; at += 1) {
    const word = args.word(at);
    if (word === "NX" || word === "XX") {
      if (condition !== undefined && condition !== word) throw new Refusal(SYNTAX);
      condition = word;
    } else if (word === "GET") wantsOld = true;
    else if (word === "KEEPTTL" && expiresAtMs === undefined) keepsExpiry = true;
    else if (isExpiryUnit(word) && expiresAtMs === undefined && !keepsExpiry && at + 1 < args.length) {
      at += 1;
      expiresAtMs = readExpiry(args, at, word, "set");
    } else throw new Refusal(SYNTAX);
  }
  return { condition, wantsOld, keepsExpiry, expiresAtMs };
}

function set(database: Database, args: Arguments): Reply {
  const key = args.key(0);
  const { condition, wantsOld, keepsExpiry, expiresAtMs } = readSetOptions(args);
  const old = wantsOld ? (text(database, key) ?? null) : undefined;
  const exists = database.get(key) !== undefined;
  if ((condition === "NX" && exists) || (condition === "XX" && !exists)) return old ?? null;
  const keptMs = keepsExpiry ? (database.expiresAtMs(key) ?? undefined) : expiresAtMs;
  database.set(key, new StringValue(args.bytes(1)), keptMs);
  return old === undefined ? OK : old;
}

function setFor(unit: ExpiryUnit, name: string) {
  return grow(4, ({ database }, args) => {
    database.set(args.key(0), new StringValue(args.bytes(2)), readExpiry(args, 1, unit, name));
    return OK;
  });
}

function setAll(database: Database, args: Arguments, name: string): void {
  if (args.length % 2 !== 0) throw new Refusal(`ERR wrong number of arguments for '${name}' command`);
  for (let at = 0; at < args.length; at += 2) database.set(args.key(at), new StringValue(args.bytes(at + 1)));
}

function getWithExpiry(database: Database, args: Arguments): Reply {
  const key = args.key(0);
  const word = args.word(1);
  if (args.length === 2 && word !== "PERSIST") throw new Refusal(SYNTAX);
  if (args.length > 2 && (args.length > 3 || !isExpiryUnit(word))) throw new Refusal(SYNTAX);
  const expiresAtMs = isExpiryUnit(word) ? readExpiry(args, 2, word, "getex") : undefined;
  const value = text(database, key);
  if (value === undefined) return null;
  if (args.length > 1) database.expire(key, expiresAtMs);
  return value;
}

/** Start and end of a range as Redis reads them, the end not included. */
export function rangeOf(first: number, last: number, size: number): readonly [start: number, end: number] {
  const start = Math.max(0, first < 0 ? first + size : first);
  const end = Math.min(size, (last < 0 ? last + size : last) + 1);
  return [start, Math.max(start, end)];
}

function getRange(database: Database, args: Arguments): Reply {
  const [first, last] = [args.integer(1), args.integer(2)];
  const value = text(database, args.key(0)) ?? EMPTY;
  const size = value.length;
  if (first < 0 && last < 0 && first > last) return EMPTY;
  // Unlike in lists, an end before the first byte is the first byte.
  return value.subarray(...rangeOf(first, last < 0 ? Math.max(0, last + size) : last, size));
}

function setRange(database: Database, args: Arguments): Reply {
  const offset = args.integer(1);
  if (offset < 0) throw new Refusal("ERR offset is out of range");
  const [key, part] = [args.key(0), args.bytes(2)];
  const old = text(database, key) ?? EMPTY;
  if (part.length === 0) return old.length;
  if (offset + part.length > MAX_STRING) throw new Refusal(TOO_LONG);
  const value = Buffer.alloc(Math.max(old.length, offset + part.length));
  old.copy(value);
  part.copy(value, offset);
  database.replace(key, new StringValue(value));
  return value.length;
}

function append(database: Database, args: Arguments): Reply {
  const key = args.key(0);
  const value = Buffer.concat([text(database, key) ?? EMPTY, args.bytes(1)]);
  if (value.length > MAX_STRING) throw new Refusal(TOO_LONG);
  database.replace(key, new StringValue(value));
  return value.length;
}

export const STRINGS: CommandTable = {
  get: read(2, ({ database }, args) => text(database, args.key(0)) ?? null),
  set: grow(-3, ({ database }, args) => set(database, args)),
  setnx: grow(3, ({ database }, args) => {
    if (database.get(args.key(0)) !== undefined) return 0;
    database.set(args.key(0), new StringValue(args.bytes(1)));
    return 1;
  }),
  setex: setFor("EX", "setex"),
  psetex: setFor("PX", "psetex"),
  mset: grow(
    -3,
    ({ database }, args) => {
      setAll(database, args, "mset");
      return OK;
    },
    [0, -1, 2],
  ),
  msetnx: grow(
    -3,
    ({ database }, args) => {
      const isTaken = args.keys(0).some((key, at) => at % 2 === 0 && database.get(key) !== undefined);
      if (isTaken) return 0;
      setAll(database, args, "msetnx");
      return 1;
    },
    [0, -1, 2],
  ),
  mget: read(
    -2,
    ({ database }, args) =>
      args.keys(0).map((key) => {
        const value = database.get(key);
        return value?.type === "string" ? value.value : null;
      }),
    ALL,
  ),
  getset: grow(3, ({ database }, args) => {
    const old = text(database, args.key(0)) ?? null;
    database.set(args.key(0), new StringValue(args.bytes(1)));
    return old;
  }),
  getdel: shrink(2, ({ database }, args) => {
    const old = text(database, args.key(0)) ?? null;
    database.delete(args.key(0));
    return old;
  }),
  getex: shrink(-2, ({ database }, args) => getWithExpiry(database, args)),
  append: grow(3, ({ database }, args) => append(database, args)),
  strlen: read(2, ({ database }, args) => text(database, args.key(0))?.length ?? 0),
  getrange: read(4, ({ database }, args) => getRange(database, args)),
  substr: read(4, ({ database }, args) => getRange(database, args)),
  setrange: grow(4, ({ database }, args) => setRange(database, args)),
};

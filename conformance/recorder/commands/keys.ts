/** Commands on keys of any type. */
import type { Database } from "../data/database.ts";
import { globMatches } from "../glob.ts";
import { OK, Refusal, type Reply, Simple } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { ALL, type Call, type Command, type CommandTable, plain, read, shrink } from "./command.ts";
import { type ExpiryUnit, readExpiry } from "./expiry.ts";
import { scan } from "./scan.ts";

const NO_KEY = "ERR no such key";
const CONDITIONS: readonly string[] = ["NX", "XX", "GT", "LT"];

function deleteAll({ database }: Call, args: Arguments): Reply {
  return args.keys(0).filter((key) => database.delete(key)).length;
}

function exists({ database }: Call, args: Arguments): Reply {
  return args.keys(0).filter((key) => database.get(key) !== undefined).length;
}

function expire(unit: ExpiryUnit, name: string): Command {
  return shrink(-3, ({ database }, args) => {
    const key = args.key(0);
    const atMs = readExpiry(args, 1, unit, name, true);
    const conditions = args.keys(2).map((word) => word.toUpperCase());
    const unknown = conditions.find((word) => !CONDITIONS.includes(word));
    if (unknown !== undefined)
      throw new Refusal(`ERR Unsupported option ${args.key(2 + conditions.indexOf(unknown))}`);
    const wants = new Set(conditions);
    if (wants.has("NX") && wants.size > 1)
      throw new Refusal("ERR NX and XX, GT or LT options at the same time are not compatible");
    if (wants.has("GT") && wants.has("LT"))
      throw new Refusal("ERR GT and LT options at the same time are not compatible");
    const oldMs = database.expiresAtMs(key);
    if (oldMs === undefined) return 0;
    const old = oldMs ?? Number.POSITIVE_INFINITY;
    if (wants.has("NX") && oldMs !== null) return 0;
    if (wants.has("XX") && oldMs === null) return 0;
    if ((wants.has("GT") && atMs <= old) || (wants.has("LT") && atMs >= old)) return 0;
    database.expire(key, atMs);
    return 1;
  });
}

function timeLeft(read_: (leftMs: number, atMs: number) => number): Command {
  return read(2, ({ database }, args) => {
    const atMs = database.expiresAtMs(args.key(0));
    if (atMs === undefined) return -2;
    return atMs === null ? -1 : read_(Math.max(0, atMs - Date.now()), atMs);
  });
}

function rename(database: Database, args: Arguments, mayReplace: boolean): boolean {
  const [from, to] = [args.key(0), args.key(1)];
  const value = database.get(from);
  if (value === undefined) throw new Refusal(NO_KEY);
  if (!mayReplace && database.get(to) !== undefined) return false;
  if (from === to) return true;
  const expiresAtMs = database.expiresAtMs(from) ?? undefined;
  database.delete(from);
  database.set(to, value, expiresAtMs);
  return true;
}

function copy({ database, server }: Call, args: Arguments): Reply {
  let target = database;
  let mayReplace = false;
  for (let at = 2; at < args.length; at += 1) {
    if (args.word(at) === "REPLACE") mayReplace = true;
    else if (args.word(at) === "DB" && at + 1 < args.length) {
      at += 1;
      target = server.database(args.integer(at));
    } else throw new Refusal(SYNTAX);
  }
  const [from, to] = [args.key(0), args.key(1)];
  if (target === database && from === to)
    throw new Refusal("ERR source and destination objects are the same");
  const value = database.get(from);
  if (value === undefined || (!mayReplace && target.get(to) !== undefined)) return 0;
  target.set(to, value.copy(), database.expiresAtMs(from) ?? undefined);
  return 1;
}

function move({ database, server }: Call, args: Arguments): Reply {
  const key = args.key(0);
  const target = server.database(args.integer(1));
  if (target === database) throw new Refusal("ERR source and destination objects are the same");
  const value = database.get(key);
  if (value === undefined || target.get(key) !== undefined) return 0;
  target.set(key, value, database.expiresAtMs(key) ?? undefined);
  database.delete(key);
  return 1;
}

export const KEYS: CommandTable = {
  del: shrink(-2, deleteAll, ALL),
  unlink: shrink(-2, deleteAll, ALL),
  exists: read(-2, exists, ALL),
  touch: read(-2, exists, ALL),
  expire: expire("EX", "expire"),
  pexpire: expire("PX", "pexpire"),
  expireat: expire("EXAT", "expireat"),
  pexpireat: expire("PXAT", "pexpireat"),
  ttl: timeLeft((leftMs) => Math.floor((leftMs + 500) / 1000)),
  pttl: timeLeft((leftMs) => leftMs),
  expiretime: timeLeft((_, atMs) => Math.floor((atMs + 500) / 1000)),
  pexpiretime: timeLeft((_, atMs) => atMs),
  persist: shrink(2, ({ database }, args) => {
    if (typeof database.expiresAtMs(args.key(0)) !== "number") return 0;
    database.expire(args.key(0), undefined);
    return 1;
  }),
  type: read(2, ({ database }, args) => new Simple(database.get(args.key(0))?.type ?? "none")),
  keys: plain(2, ({ database }, args) => database.keys().filter((key) => globMatches(args.key(0), key))),
  randomkey: plain(1, ({ database }) => {
    const keys = database.keys();
    return keys[Math.floor(Math.random() * keys.length)] ?? null;
  }),
  rename: shrink(
    3,
    ({ database }, args) => {
      rename(database, args, true);
      return OK;
    },
    [0, 1, 1],
  ),
  renamenx: shrink(3, ({ database }, args) => (rename(database, args, false) ? 1 : 0), [0, 1, 1]),
  copy: shrink(-3, copy, [0, 1, 1]),
  move: shrink(3, move),
  scan: plain(-2, ({ database }, args) =>
    scan({
      args,
      cursorAt: 0,
      names: () => database.keys(),
      fits: (key, type) => type === undefined || database.get(key)?.type === type,
      write: (key) => [key],
    }),
  ),
  dbsize: plain(1, ({ database }) => database.size),
};

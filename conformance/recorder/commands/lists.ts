/** Commands on lists that never wait. */
import type { Database } from "../data/database.ts";
import { ListValue } from "../data/list.ts";
import { NO_LIST, OK, Refusal, type Reply } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type Command, type CommandTable, grow, type KeyPlaces, read, shrink } from "./command.ts";
import { rangeOf } from "./strings.ts";

export const TWO: KeyPlaces = [0, 1, 1];

/** Puts items at an end of a list, which is made when it is not there. */
export function pushAll(database: Database, key: string, items: readonly Buffer[], atHead: boolean): number {
  const old = database.typed(key, "list");
  const list = old ?? new ListValue();
  for (const item of items) list.push(item, atHead);
  if (old === undefined) database.set(key, list);
  else database.changed(key);
  return list.size;
}

function push(atHead: boolean, mustExist: boolean): Command {
  return grow(-3, ({ database }, args) => {
    if (mustExist && database.typed(args.key(0), "list") === undefined) return 0;
    return pushAll(database, args.key(0), args.list.slice(1), atHead);
  });
}

/** Takes up to `count` items off an end. */
export function popSome(database: Database, key: string, count: number, fromHead: boolean): Buffer[] {
  const list = database.typed(key, "list");
  const items: Buffer[] = [];
  while (list !== undefined && items.length < count) {
    const item = list.pop(fromHead);
    if (item === undefined) break;
    items.push(item);
  }
  if (items.length > 0) database.changed(key);
  return items;
}

function pop(fromHead: boolean): Command {
  return shrink(-2, ({ database }, args) => {
    const key = args.key(0);
    if (args.length > 2)
      throw new Refusal(`ERR wrong number of arguments for '${fromHead ? "l" : "r"}pop' command`);
    if (args.length === 1) return popSome(database, key, 1, fromHead)[0] ?? null;
    const count = args.count(1);
    if (database.typed(key, "list") === undefined) return NO_LIST;
    return popSome(database, key, count, fromHead);
  });
}

/** True for LEFT. */
export function readEnd(args: Arguments, index: number): boolean {
  const word = args.word(index);
  if (word !== "LEFT" && word !== "RIGHT") throw new Refusal(SYNTAX);
  return word === "LEFT";
}

/** Moves an item from one list's end to another's; null when there is none. */
export function moveItem(
  database: Database,
  [from, to]: readonly [string, string],
  { fromHead, toHead }: { readonly fromHead: boolean; readonly toHead: boolean },
): Buffer | null {
  if (database.typed(from, "list") === undefined) return null;
  database.typed(to, "list");
  const [item] = popSome(database, from, 1, fromHead);
  if (item === undefined) return null;
  pushAll(database, to, [item], toHead);
  return item;
}

/** Takes from the first of several lists that has something. Undefined when none has. */
export function popFromFirst(
  database: Database,
  keys: readonly string[],
  count: number,
  fromHead: boolean,
): Reply | undefined {
  const key = keys.find((name) => database.typed(name, "list") !== undefined);
  return key === undefined ? undefined : [key, popSome(database, key, count, fromHead)];
}

/** `numkeys key... LEFT|RIGHT [COUNT count]` from `start` on. */
export function readMultiPop(
  args: Arguments,
  start: number,
): { readonly keys: readonly string[]; readonly fromHead: boolean; readonly count: number } {
  const total = args.integer(start, "ERR numkeys should be greater than 0");
  if (total < 1) throw new Refusal("ERR numkeys should be greater than 0");
  const end = start + 1 + total;
  const fromHead = readEnd(args, end);
  let count = 1;
  if (end + 1 < args.length) {
    if (args.word(end + 1) !== "COUNT" || end + 3 !== args.length) throw new Refusal(SYNTAX);
    count = args.integer(end + 2, "ERR count should be greater than 0");
    if (count < 1) throw new Refusal("ERR count should be greater than 0");
  }
  return { keys: args.keys(start + 1, end), fromHead, count };
}

export const LISTS: CommandTable = {
  lpush: push(true, false),
  rpush: push(false, false),
  lpushx: push(true, true),
  rpushx: push(false, true),
  lpop: pop(true),
  rpop: pop(false),
  llen: read(2, ({ database }, args) => database.typed(args.key(0), "list")?.size ?? 0),
  lindex: read(3, ({ database }, args) => {
    const list = database.typed(args.key(0), "list");
    return list?.at(args.integer(1)) ?? null;
  }),
  lrange: read(4, ({ database }, args) => {
    const [first, last] = [args.integer(1), args.integer(2)];
    const list = database.typed(args.key(0), "list");
    return list?.slice(...rangeOf(first, last, list.size)) ?? [];
  }),
  lset: shrink(4, ({ database }, args) => {
    const list = database.typed(args.key(0), "list");
    if (list === undefined) throw new Refusal("ERR no such key");
    const index = args.integer(1);
    if (list.at(index) === undefined) throw new Refusal("ERR index out of range");
    list.set(index, args.bytes(2));
    database.changed(args.key(0));
    return OK;
  }),
  ltrim: shrink(4, ({ database }, args) => {
    const [first, last] = [args.integer(1), args.integer(2)];
    const list = database.typed(args.key(0), "list");
    if (list === undefined) return OK;
    list.replace(list.slice(...rangeOf(first, last, list.size)));
    database.changed(args.key(0));
    return OK;
  }),
  lmove: grow(
    5,
    ({ database }, args) => {
      const ends = { fromHead: readEnd(args, 2), toHead: readEnd(args, 3) };
      return moveItem(database, [args.key(0), args.key(1)], ends);
    },
    TWO,
  ),
  rpoplpush: grow(
    3,
    ({ database }, args) => moveItem(database, [args.key(0), args.key(1)], { fromHead: false, toHead: true }),
    TWO,
  ),
  lmpop: {
    arity: -4,
    flags: ["write"],
    run: ({ database }, args) => {
      const { keys, fromHead, count } = readMultiPop(args, 0);
      return popFromFirst(database, keys, count, fromHead) ?? NO_LIST;
    },
  },
};

/** Commands that look for items inside lists. */
import type { Database } from "../data/database.ts";
import { Refusal, type Reply } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type CommandTable, grow, read, shrink } from "./command.ts";

function insert(database: Database, args: Arguments): Reply {
  const where = args.word(1);
  if (where !== "BEFORE" && where !== "AFTER") throw new Refusal(SYNTAX);
  const list = database.typed(args.key(0), "list");
  if (list === undefined) return 0;
  const items = list.slice(0, list.size);
  const at = items.findIndex((item) => item.equals(args.bytes(2)));
  if (at < 0) return -1;
  items.splice(where === "BEFORE" ? at : at + 1, 0, args.bytes(3));
  list.replace(items);
  database.changed(args.key(0));
  return items.length;
}

function remove(database: Database, args: Arguments): Reply {
  const count = args.integer(1);
  const list = database.typed(args.key(0), "list");
  if (list === undefined) return 0;
  const items = list.slice(0, list.size);
  if (count < 0) items.reverse();
  let left = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
  const kept = items.filter((item) => {
    if (left === 0 || !item.equals(args.bytes(2))) return true;
    left -= 1;
    return false;
  });
  const removed = items.length - kept.length;
  if (removed === 0) return 0;
  list.replace(count < 0 ? kept.reverse() : kept);
  database.changed(args.key(0));
  return removed;
}

function position(database: Database, args: Arguments): Reply {
  let [rank, count, maxLength]: [number, number | undefined, number] = [1, undefined, 0];
  for (let at = 2; at < args.length; at += 2) {
    const word = args.word(at);
    if (at + 1 >= args.length) throw new Refusal(SYNTAX);
    if (word === "RANK") rank = args.integer(at + 1);
    else if (word === "COUNT") count = args.count(at + 1, "ERR COUNT can't be negative");
    else if (word === "MAXLEN") maxLength = args.count(at + 1, "ERR MAXLEN can't be negative");
    else throw new Refusal(SYNTAX);
  }
  if (rank === 0)
    throw new Refusal(
      "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
    );
  const list = database.typed(args.key(0), "list");
  const items = list?.slice(0, list.size) ?? [];
  const places = items.flatMap((item, at) => (item.equals(args.bytes(1)) ? [at] : []));
  const looked = maxLength === 0 ? items.length : maxLength;
  const near =
    rank > 0
      ? places.filter((at) => at < looked)
      : places.reverse().filter((at) => at >= items.length - looked);
  const found = near.slice(Math.abs(rank) - 1);
  if (count === undefined) return found[0] ?? null;
  return count === 0 ? found : found.slice(0, count);
}

export const LIST_ITEMS: CommandTable = {
  linsert: grow(5, ({ database }, args) => insert(database, args)),
  lrem: shrink(4, ({ database }, args) => remove(database, args)),
  lpos: read(-3, ({ database }, args) => position(database, args)),
};

/** Commands that take the lowest or highest members off sorted sets. */
import type { Database } from "../data/database.ts";
import { Double, NO_LIST, Refusal, type Reply, Scored } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type Command, type CommandTable, shrink } from "./command.ts";

/** Takes up to `count` members off an end. */
export function popScored(
  database: Database,
  key: string,
  count: number,
  fromHighest: boolean,
): readonly (readonly [string, Double])[] {
  const set = database.typed(key, "zset");
  if (set === undefined || count === 0) return [];
  const popped = fromHighest ? set.order.slice(-count).reverse() : set.order.slice(0, count);
  for (const { member } of popped) set.delete(member);
  if (popped.length > 0) database.changed(key);
  return popped.map(({ member, score }) => [member, new Double(score)] as const);
}

function pop(fromHighest: boolean): Command {
  return shrink(-2, ({ database }, args) => {
    if (args.length > 2) throw new Refusal(SYNTAX);
    const count = args.length === 2 ? args.count(1) : 1;
    const popped = popScored(database, args.key(0), count, fromHighest);
    // Without a count it is one member and not a list of them, in RESP3 too.
    return args.length === 2 ? new Scored(popped) : popped.flat();
  });
}

/** `numkeys key... MIN|MAX [COUNT count]` from `start` on. */
export function readScoredMultiPop(
  database: Database,
  args: Arguments,
  start: number,
): { readonly keys: readonly string[]; readonly attempt: () => Reply | undefined } {
  const total = args.integer(start, "ERR numkeys should be greater than 0");
  if (total < 1) throw new Refusal("ERR numkeys should be greater than 0");
  const end = start + 1 + total;
  const where = args.word(end);
  if (where !== "MIN" && where !== "MAX") throw new Refusal(SYNTAX);
  let count = 1;
  if (end + 1 < args.length) {
    if (args.word(end + 1) !== "COUNT" || end + 3 !== args.length) throw new Refusal(SYNTAX);
    count = args.integer(end + 2, "ERR count should be greater than 0");
    if (count < 1) throw new Refusal("ERR count should be greater than 0");
  }
  const keys = args.keys(start + 1, end);
  const attempt = (): Reply | undefined => {
    const key = keys.find((name) => database.typed(name, "zset") !== undefined);
    return key === undefined ? undefined : [key, popScored(database, key, count, where === "MAX")];
  };
  return { keys, attempt };
}

export const SORTED_SET_POPS: CommandTable = {
  zpopmin: pop(false),
  zpopmax: pop(true),
  zmpop: {
    arity: -4,
    flags: ["write"],
    run: ({ database }, args) => readScoredMultiPop(database, args, 0).attempt() ?? NO_LIST,
  },
};

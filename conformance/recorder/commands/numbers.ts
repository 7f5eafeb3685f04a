/** Commands that count, in strings. */
import type { Database } from "../data/database.ts";
import { StringValue } from "../data/values.ts";
import { isInteger64, parseDouble, parseInteger, sumText } from "../resp/numbers.ts";
import { Refusal, type Reply } from "../resp/replies.ts";
import { NO_INTEGER } from "./arguments.ts";
import { type CommandTable, grow } from "./command.ts";

/** `old` as an integer, and the increment added. */
export function addInteger(old: Buffer | undefined, amount: bigint, message: string = NO_INTEGER): bigint {
  const before = old === undefined ? 0n : parseInteger(old.toString("latin1"));
  if (before === undefined) throw new Refusal(message);
  const sum = before + amount;
  if (!isInteger64(sum)) throw new Refusal("ERR increment or decrement would overflow");
  return sum;
}

/** `old` as a number, and the increment added. */
export function addDouble(old: Buffer | undefined, amount: number, message: string): string {
  const before = old === undefined ? 0 : parseDouble(old.toString("latin1"));
  if (before === undefined) throw new Refusal(message);
  return sumText(before, amount);
}

function add(database: Database, key: string, amount: bigint): Reply {
  const sum = addInteger(database.typed(key, "string")?.value, amount);
  database.replace(key, new StringValue(Buffer.from(String(sum))));
  return sum;
}

export const NUMBERS: CommandTable = {
  incr: grow(2, ({ database }, args) => add(database, args.key(0), 1n)),
  decr: grow(2, ({ database }, args) => add(database, args.key(0), -1n)),
  incrby: grow(3, ({ database }, args) => add(database, args.key(0), args.bigint(1))),
  decrby: grow(3, ({ database }, args) => {
    const amount = args.bigint(1);
    if (!isInteger64(-amount)) throw new Refusal("ERR decrement would overflow");
    return add(database, args.key(0), -amount);
  }),
  incrbyfloat: grow(3, ({ database }, args) => {
    const message = "ERR value is not a valid float";
    const old = database.typed(args.key(0), "string")?.value;
    const sum = addDouble(old, args.double(1, message), message);
    database.replace(args.key(0), new StringValue(Buffer.from(sum)));
    return sum;
  }),
};

/** Commands on sorted sets that name members. */
import type { Database } from "../data/database.ts";
import { SortedSetValue } from "../data/sorted-set.ts";
import { doubleText } from "../resp/numbers.ts";
import { Double, Refusal, type Reply } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type CommandTable, grow, read, shrink } from "./command.ts";
import { pickRandom } from "./random.ts";
import { scan } from "./scan.ts";
import { scored } from "./sorted-set-ranges.ts";

const OPTIONS: readonly string[] = ["NX", "XX", "GT", "LT", "CH", "INCR"];

function readOptions(args: Arguments): { readonly options: ReadonlySet<string>; readonly start: number } {
  const options = new Set<string>();
  let start = 1;
  for (; OPTIONS.includes(args.word(start)); start += 1) options.add(args.word(start));
  if ((args.length - start) % 2 !== 0 || start >= args.length) throw new Refusal(SYNTAX);
  if (options.has("NX") && options.has("XX"))
    throw new Refusal("ERR XX and NX options at the same time are not compatible");
  const bounds = ["GT", "LT", "NX"].filter((name) => options.has(name));
  if (bounds.length > 1)
    throw new Refusal("ERR GT, LT, and/or NX options at the same time are not compatible");
  if (options.has("INCR") && args.length - start > 2)
    throw new Refusal("ERR INCR option supports a single increment-element pair");
  return { options, start };
}

/** Whether the options let a member get this score. */
function mayChange(options: ReadonlySet<string>, old: number | undefined, score: number): boolean {
  if (old === undefined) return !options.has("XX");
  if (options.has("NX")) return false;
  return !(options.has("GT") && score <= old) && !(options.has("LT") && score >= old);
}

function add(database: Database, args: Arguments, forced?: "INCR"): Reply {
  const key = args.key(0);
  const { options, start } =
    forced === undefined ? readOptions(args) : { options: new Set([forced]), start: 1 };
  const members: (readonly [string, number])[] = [];
  for (let at = start; at < args.length; at += 2) members.push([args.key(at + 1), args.double(at)]);
  const found = database.typed(key, "zset");
  const set = found ?? new SortedSetValue();
  let [added, changed]: [number, number] = [0, 0];
  let result: number | undefined;
  for (const [member, amount] of members) {
    const old = set.score(member);
    const score = options.has("INCR") ? (old ?? 0) + amount : amount;
    if (Number.isNaN(score)) throw new Refusal("ERR resulting score is not a number (NaN)");
    if (!mayChange(options, old, score)) continue;
    result = score;
    if (old === score) continue;
    set.set(member, score);
    if (old === undefined) added += 1;
    else changed += 1;
  }
  if (added + changed > 0) {
    if (found === undefined) database.set(key, set);
    else database.changed(key);
  }
  if (options.has("INCR")) return result === undefined ? null : new Double(result);
  return options.has("CH") ? added + changed : added;
}

function rank(database: Database, args: Arguments, isReverse: boolean): Reply {
  const set = database.typed(args.key(0), "zset");
  const place = set?.rank(args.key(1));
  if (set === undefined || place === undefined) return null;
  return isReverse ? set.size - 1 - place : place;
}

function scoreReply(set: SortedSetValue | undefined, member: string): Reply {
  const score = set?.score(member);
  return score === undefined ? null : new Double(score);
}

function randomMembers(database: Database, args: Arguments): Reply {
  const order = database.typed(args.key(0), "zset")?.order ?? [];
  if (args.length === 1) return pickRandom(order, 1)[0]?.member ?? null;
  const withScores = args.word(2) === "WITHSCORES";
  if (args.length > 3 || (args.length === 3 && !withScores)) throw new Refusal(SYNTAX);
  const picked = pickRandom(order, args.integer(1));
  return withScores ? scored(picked) : picked.map(({ member }) => member);
}

export const SORTED_SETS: CommandTable = {
  zadd: grow(-4, ({ database }, args) => add(database, args)),
  zincrby: grow(4, ({ database }, args) => add(database, args, "INCR")),
  zrem: shrink(-3, ({ database }, args) => {
    const set = database.typed(args.key(0), "zset");
    const gone = args.keys(1).filter((member) => set?.delete(member) === true).length;
    if (gone > 0) database.changed(args.key(0));
    return gone;
  }),
  zcard: read(2, ({ database }, args) => database.typed(args.key(0), "zset")?.size ?? 0),
  zscore: read(3, ({ database }, args) => scoreReply(database.typed(args.key(0), "zset"), args.key(1))),
  zmscore: read(-3, ({ database }, args) => {
    const set = database.typed(args.key(0), "zset");
    return args.keys(1).map((member) => scoreReply(set, member));
  }),
  zrank: read(3, ({ database }, args) => rank(database, args, false)),
  zrevrank: read(3, ({ database }, args) => rank(database, args, true)),
  zrandmember: read(-2, ({ database }, args) => randomMembers(database, args)),
  zscan: read(-3, ({ database }, args) => {
    const set = database.typed(args.key(0), "zset");
    const names = (): readonly string[] => set?.order.map(({ member }) => member) ?? [];
    const write = (member: string): Reply[] => [member, doubleText(set?.score(member) ?? 0)];
    return scan({ args, cursorAt: 1, names, write });
  }),
};

/** Ranges of sorted sets: by rank, score or name, in both directions, for ZRANGE and all the commands it has replaced. */
import type { Database } from "../data/database.ts";
import { type ScoredMember, SortedSetValue } from "../data/sorted-set.ts";
import { parseDouble } from "../resp/numbers.ts";
import { Double, Refusal, type Reply, Scored } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type Command, type CommandTable, grow, type KeyPlaces, read, shrink } from "./command.ts";
import { rangeOf } from "./strings.ts";

const BAD_SCORE = "ERR min or max is not a float";
const BAD_NAME = "ERR min or max not valid string range item";
const EMPTY = new SortedSetValue();

export type RangeKind = "rank" | "score" | "lex";

/** Whether an entry stands at the edge or above it; or, for the upper one, beyond it. */
interface Edges {
  readonly fromLow: (entry: ScoredMember) => boolean;
  readonly beyondHigh: (entry: ScoredMember) => boolean;
}

function scoreEdge(text: string): readonly [score: number, isOpen: boolean] {
  const isOpen = text.startsWith("(");
  const score = parseDouble(isOpen ? text.slice(1) : text);
  if (score === undefined) throw new Refusal(BAD_SCORE);
  return [score, isOpen];
}

function nameEdge(text: string): readonly [name: string, isOpen: boolean] | "-" | "+" {
  if (text === "-" || text === "+") return text;
  if (!/^[[(]/.test(text)) throw new Refusal(BAD_NAME);
  return [text.slice(1), text.startsWith("(")];
}

function readEdges(kind: "score" | "lex", low: string, high: string): Edges {
  if (kind === "score") {
    const [[min, isMinOpen], [max, isMaxOpen]] = [scoreEdge(low), scoreEdge(high)];
    return {
      fromLow: ({ score }) => (isMinOpen ? score > min : score >= min),
      beyondHigh: ({ score }) => (isMaxOpen ? score >= max : score > max),
    };
  }
  const [from, to] = [nameEdge(low), nameEdge(high)];
  const isFrom = (name: string): boolean => {
    if (typeof from === "string") return from === "-";
    return from[1] ? name > from[0] : name >= from[0];
  };
  const isBeyond = (name: string): boolean => {
    if (typeof to === "string") return to === "-";
    return to[1] ? name >= to[0] : name > to[0];
  };
  return { fromLow: ({ member }) => isFrom(member), beyondHigh: ({ member }) => isBeyond(member) };
}

/** The entries between two edges; where a range goes backwards, `low` is the higher one. */
function between(
  set: SortedSetValue,
  kind: RangeKind,
  low: Buffer,
  high: Buffer,
  isReverse: boolean,
): ScoredMember[] {
  const [from, to] = [low.toString("latin1"), high.toString("latin1")];
  if (kind === "rank") {
    const order = isReverse ? set.order.toReversed() : set.order;
    return order.slice(...rangeOf(Number(from), Number(to), order.length));
  }
  const edges = isReverse ? readEdges(kind, to, from) : readEdges(kind, from, to);
  const found = set.order.slice(set.firstPlace(edges.fromLow), set.firstPlace(edges.beyondHigh));
  return isReverse ? found.reverse() : found;
}

interface RangeOptions {
  kind: RangeKind;
  isReverse: boolean;
  withScores: boolean;
  limit: readonly [offset: number, count: number] | undefined;
}

function readOptions(
  args: Arguments,
  start: number,
  fixed: Partial<RangeOptions>,
  stores: boolean,
): RangeOptions {
  const options: RangeOptions = {
    kind: "rank",
    isReverse: false,
    withScores: false,
    limit: undefined,
    ...fixed,
  };
  for (let at = start; at < args.length; at += 1) {
    const word = args.word(at);
    if (word === "WITHSCORES" && !stores) options.withScores = true;
    else if (word === "LIMIT" && at + 2 < args.length) {
      options.limit = [args.integer(at + 1), args.integer(at + 2)];
      at += 2;
    } else if (fixed.kind === undefined && word === "BYSCORE") options.kind = "score";
    else if (fixed.kind === undefined && word === "BYLEX") options.kind = "lex";
    else if (fixed.kind === undefined && word === "REV") options.isReverse = true;
    else throw new Refusal(SYNTAX);
  }
  if (options.limit !== undefined && options.kind === "rank")
    throw new Refusal(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    );
  if (options.withScores && options.kind === "lex")
    throw new Refusal("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  return options;
}

function range(
  database: Database,
  args: Arguments,
  keyAt: number,
  fixed: Partial<RangeOptions>,
): { readonly found: ScoredMember[]; readonly options: RangeOptions } {
  const options = readOptions(args, keyAt + 3, fixed, keyAt > 0);
  const { kind, isReverse, limit } = options;
  const [low, high] = [args.bytes(keyAt + 1), args.bytes(keyAt + 2)];
  if (kind === "rank") {
    args.integer(keyAt + 1);
    args.integer(keyAt + 2);
  } else
    readEdges(kind, (isReverse ? high : low).toString("latin1"), (isReverse ? low : high).toString("latin1"));
  const set = database.typed(args.key(keyAt), "zset") ?? EMPTY;
  const found = between(set, kind, low, high, isReverse);
  if (limit === undefined) return { found, options };
  const [offset, count] = limit;
  if (offset < 0) return { found: [], options };
  return { found: found.slice(offset, count < 0 ? undefined : offset + count), options };
}

function rangeCommand(fixed: Partial<RangeOptions>): Command {
  return read(-4, ({ database }, args) => {
    const { found, options } = range(database, args, 0, fixed);
    return options.withScores ? scored(found) : found.map(({ member }) => member);
  });
}

/** Members with their scores, as replies. */
export function scored(entries: readonly ScoredMember[]): Scored {
  return new Scored(entries.map(({ member, score }) => [member, new Double(score)] as const));
}

function storeRange(database: Database, args: Arguments): Reply {
  const { found } = range(database, args, 1, {});
  const set = new SortedSetValue();
  for (const { member, score } of found) set.set(member, score);
  if (set.isEmpty) database.delete(args.key(0));
  else database.set(args.key(0), set);
  return set.size;
}

function count(kind: RangeKind): Command {
  return read(4, ({ database }, args) => range(database, args, 0, { kind }).found.length);
}

function removeRange(kind: RangeKind): Command {
  return shrink(4, ({ database }, args) => {
    const { found } = range(database, args, 0, { kind });
    const set = database.typed(args.key(0), "zset");
    for (const { member } of found) set?.delete(member);
    if (found.length > 0) database.changed(args.key(0));
    return found.length;
  });
}

const TWO: KeyPlaces = [0, 1, 1];

export const SORTED_SET_RANGES: CommandTable = {
  zrange: rangeCommand({}),
  zrevrange: rangeCommand({ kind: "rank", isReverse: true }),
  zrangebyscore: rangeCommand({ kind: "score" }),
  zrevrangebyscore: rangeCommand({ kind: "score", isReverse: true }),
  zrangebylex: rangeCommand({ kind: "lex" }),
  zrevrangebylex: rangeCommand({ kind: "lex", isReverse: true }),
  zrangestore: grow(-5, ({ database }, args) => storeRange(database, args), TWO),
  zcount: count("score"),
  zlexcount: count("lex"),
  zremrangebyrank: removeRange("rank"),
  zremrangebyscore: removeRange("score"),
  zremrangebylex: removeRange("lex"),
};

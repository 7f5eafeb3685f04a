/** Unions, intersections and differences of sorted sets, and of sets, whose members all have score 1. */
import type { Database } from "../data/database.ts";
import { SortedSetValue } from "../data/sorted-set.ts";
import { Refusal } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type Command, type CommandTable, grow } from "./command.ts";
import { scored } from "./sorted-set-ranges.ts";

type Scores = ReadonlyMap<string, number>;
type Kind = "union" | "inter" | "diff";

const AGGREGATES: Readonly<Record<string, (left: number, right: number) => number>> = {
  // Infinities of both signs make 0.
  SUM: (left, right) => (Number.isNaN(left + right) ? 0 : left + right),
  MIN: (left, right) => Math.min(left, right),
  MAX: (left, right) => Math.max(left, right),
};

interface Plan {
  readonly keys: readonly string[];
  readonly weights: readonly number[];
  readonly aggregate: string;
  readonly withScores: boolean;
}

/** `numkeys key... [WEIGHTS weight...] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]` from `start` on. */
function readPlan(args: Arguments, start: number, name: string): Plan {
  const total = args.integer(start);
  if (total < 1) throw new Refusal(`ERR at least 1 input key is needed for '${name}' command`);
  if (total > args.length - start - 1) throw new Refusal(SYNTAX);
  const keys = args.keys(start + 1, start + 1 + total);
  let weights: readonly number[] = keys.map(() => 1);
  let aggregate = "SUM";
  let withScores = false;
  const isDifference = name.startsWith("zdiff");
  for (let at = start + 1 + total; at < args.length; at += 1) {
    const word = args.word(at);
    if (word === "WEIGHTS" && !isDifference && at + total < args.length) {
      weights = keys.map((_, place) => args.double(at + 1 + place, "ERR weight value is not a float"));
      at += total;
    } else if (word === "AGGREGATE" && !isDifference && Object.hasOwn(AGGREGATES, args.word(at + 1))) {
      at += 1;
      aggregate = args.word(at);
    } else if (word === "WITHSCORES" && !name.endsWith("store")) withScores = true;
    else throw new Refusal(SYNTAX);
  }
  return { keys, weights, aggregate, withScores };
}

function scoresOf(database: Database, key: string, weight: number): Scores {
  const value = database.get(key);
  const weighted = (score: number): number => (Number.isNaN(score * weight) ? 0 : score * weight);
  if (value?.type === "set") return new Map([...value.members].map((member) => [member, weighted(1)]));
  const order = database.typed(key, "zset")?.order ?? [];
  return new Map(order.map(({ member, score }) => [member, weighted(score)]));
}

function combine(database: Database, kind: Kind, { keys, weights, aggregate }: Plan): SortedSetValue {
  const [first = new Map<string, number>(), ...others] = keys.map((key, at) =>
    scoresOf(database, key, weights[at] ?? 1),
  );
  const result = new SortedSetValue();
  const join = (left: number, right: number): number => AGGREGATES[aggregate]?.(left, right) ?? left;
  const members =
    kind === "union" ? [first, ...others].flatMap((scores) => [...scores.keys()]) : first.keys();
  for (const member of new Set(members)) {
    const found = [first, ...others].flatMap((scores) => scores.get(member) ?? []);
    if (kind === "diff" ? found.length > 1 : kind === "inter" && found.length <= others.length) continue;
    result.set(
      member,
      found.reduce((sum, score) => join(sum, score)),
    );
  }
  return result;
}

function combined(kind: Kind): Command {
  const run: Command["run"] = ({ database }, args) => {
    const plan = readPlan(args, 0, `z${kind}`);
    const { order } = combine(database, kind, plan);
    return plan.withScores ? scored(order) : order.map(({ member }) => member);
  };
  return { arity: -3, flags: ["read"], run };
}

function stored(kind: Kind): Command {
  return grow(-4, ({ database }, args) => {
    const result = combine(database, kind, readPlan(args, 1, `z${kind}store`));
    if (result.isEmpty) database.delete(args.key(0));
    else database.set(args.key(0), result);
    return result.size;
  });
}

const countCommon: Command = {
  arity: -3,
  flags: ["read"],
  run: ({ database }, args) => {
    const total = args.integer(0);
    const end = total + 1;
    const hasLimit = args.word(end) === "LIMIT" && args.length === end + 2;
    if (args.length > end && !hasLimit) throw new Refusal(SYNTAX);
    const limit = hasLimit ? args.count(end + 1, "ERR LIMIT can't be negative") : 0;
    const plan = readPlan(args.before(end), 0, "zintercard");
    const { size } = combine(database, "inter", plan);
    return limit === 0 ? size : Math.min(size, limit);
  },
};

export const SORTED_SET_COMBINATIONS: CommandTable = {
  zunion: combined("union"),
  zinter: combined("inter"),
  zdiff: combined("diff"),
  zunionstore: stored("union"),
  zinterstore: stored("inter"),
  zdiffstore: stored("diff"),
  zintercard: countCommon,
};

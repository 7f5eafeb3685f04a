/** Commands on sets. */
import type { Database } from "../data/database.ts";
import { SetValue } from "../data/values.ts";
import { Members, Refusal, type Reply } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { ALL, type Command, type CommandTable, grow, type KeyPlaces, read, shrink } from "./command.ts";
import { pickRandom } from "./random.ts";
import { scan } from "./scan.ts";

const NO_MEMBERS: ReadonlySet<string> = new Set();
const TWO: KeyPlaces = [0, 1, 1];

function membersOf(database: Database, key: string): ReadonlySet<string> {
  return database.typed(key, "set")?.members ?? NO_MEMBERS;
}

function addAll(database: Database, key: string, members: readonly string[]): number {
  const old = database.typed(key, "set");
  const set = old ?? new SetValue();
  const added = members.filter((member) => set.add(member)).length;
  if (old === undefined) database.set(key, set);
  else if (added > 0) database.changed(key);
  return added;
}

function removeAll(database: Database, key: string, members: readonly string[]): number {
  const set = database.typed(key, "set");
  const gone = members.filter((member) => set?.delete(member) === true).length;
  if (gone > 0) database.changed(key);
  return gone;
}

type Combine = (first: readonly string[], others: readonly ReadonlySet<string>[]) => readonly string[];

const COMBINATIONS: Readonly<Record<"union" | "inter" | "diff", Combine>> = {
  union: (first, others) => [...new Set([...first, ...others.flatMap((other) => [...other])])],
  inter: (first, others) => first.filter((member) => others.every((other) => other.has(member))),
  diff: (first, others) => first.filter((member) => !others.some((other) => other.has(member))),
};

function combined(
  database: Database,
  keys: readonly string[],
  kind: keyof typeof COMBINATIONS,
): readonly string[] {
  const [first = NO_MEMBERS, ...others] = keys.map((key) => membersOf(database, key));
  return COMBINATIONS[kind]([...first], others);
}

function combine(kind: keyof typeof COMBINATIONS): Command {
  return read(-2, ({ database }, args) => new Members(combined(database, args.keys(0), kind)), ALL);
}

function combineStore(kind: keyof typeof COMBINATIONS): Command {
  const run: Command["run"] = ({ database }, args) => {
    const members = combined(database, args.keys(1), kind);
    if (members.length === 0) database.delete(args.key(0));
    else database.set(args.key(0), new SetValue(members));
    return members.length;
  };
  return grow(-3, run, ALL);
}

function countCommon(database: Database, args: Arguments): Reply {
  const total = args.integer(0, "ERR numkeys should be greater than 0");
  if (total < 1) throw new Refusal("ERR numkeys should be greater than 0");
  if (total > args.length - 1) throw new Refusal("ERR Number of keys can't be greater than number of args");
  let limit = 0;
  if (args.length > total + 1) {
    if (args.word(total + 1) !== "LIMIT" || args.length !== total + 3) throw new Refusal(SYNTAX);
    limit = args.count(total + 2, "ERR LIMIT can't be negative");
  }
  const count = combined(database, args.keys(1, total + 1), "inter").length;
  return limit === 0 ? count : Math.min(count, limit);
}

export const SETS: CommandTable = {
  sadd: grow(-3, ({ database }, args) => addAll(database, args.key(0), args.keys(1))),
  srem: shrink(-3, ({ database }, args) => removeAll(database, args.key(0), args.keys(1))),
  smembers: read(2, ({ database }, args) => new Members([...membersOf(database, args.key(0))])),
  scard: read(2, ({ database }, args) => membersOf(database, args.key(0)).size),
  sismember: read(3, ({ database }, args) => (membersOf(database, args.key(0)).has(args.key(1)) ? 1 : 0)),
  smismember: read(-3, ({ database }, args) => {
    const members = membersOf(database, args.key(0));
    return args.keys(1).map((member) => (members.has(member) ? 1 : 0));
  }),
  spop: shrink(-2, ({ database }, args) => {
    const count = args.length > 1 ? args.count(1) : 1;
    if (args.length > 2) throw new Refusal(SYNTAX);
    const picked = pickRandom([...membersOf(database, args.key(0))], count);
    removeAll(database, args.key(0), picked);
    return args.length > 1 ? new Members(picked) : (picked[0] ?? null);
  }),
  srandmember: read(-2, ({ database }, args) => {
    const members = [...membersOf(database, args.key(0))];
    if (args.length > 2) throw new Refusal(SYNTAX);
    return args.length > 1 ? pickRandom(members, args.integer(1)) : (pickRandom(members, 1)[0] ?? null);
  }),
  smove: shrink(
    4,
    ({ database }, args) => {
      const [from, to, member] = args.keys(0) as [string, string, string];
      if (database.get(from) === undefined) return 0;
      const source = membersOf(database, from);
      membersOf(database, to);
      if (!source.has(member)) return 0;
      if (from === to) return 1;
      removeAll(database, from, [member]);
      addAll(database, to, [member]);
      return 1;
    },
    TWO,
  ),
  sunion: combine("union"),
  sinter: combine("inter"),
  sdiff: combine("diff"),
  sunionstore: combineStore("union"),
  sinterstore: combineStore("inter"),
  sdiffstore: combineStore("diff"),
  sintercard: { arity: -3, flags: ["read"], run: ({ database }, args) => countCommon(database, args) },
  sscan: read(-3, ({ database }, args) => {
    const members = [...membersOf(database, args.key(0))];
    return scan({ args, cursorAt: 1, names: () => members, write: (member) => [member] });
  }),
};

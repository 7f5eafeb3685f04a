/** Commands on hashes. */
import type { Database } from "../data/database.ts";
import { HashValue } from "../data/values.ts";
import { OK, Pairs, Refusal, type Reply, Scored } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type CommandTable, grow, read, shrink } from "./command.ts";
import { addDouble, addInteger } from "./numbers.ts";
import { pickRandom } from "./random.ts";
import { scan } from "./scan.ts";

const NO_FIELDS: ReadonlyMap<string, Buffer> = new Map();

function fieldsOf(database: Database, key: string): ReadonlyMap<string, Buffer> {
  return database.typed(key, "hash")?.fields ?? NO_FIELDS;
}

/** Sets fields; returns how many are new. */
function setFields(database: Database, key: string, fields: Iterable<readonly [string, Buffer]>): number {
  const old = database.typed(key, "hash");
  const hash = old ?? new HashValue();
  let added = 0;
  for (const [field, value] of fields) if (hash.set(field, value)) added += 1;
  if (old === undefined) database.set(key, hash);
  else database.changed(key);
  return added;
}

function setAll(database: Database, args: Arguments, name: string): number {
  if (args.length % 2 !== 1) throw new Refusal(`ERR wrong number of arguments for '${name}' command`);
  const fields: [string, Buffer][] = [];
  for (let at = 1; at < args.length; at += 2) fields.push([args.key(at), args.bytes(at + 1)]);
  return setFields(database, args.key(0), fields);
}

function randomFields(database: Database, args: Arguments): Reply {
  const fields = fieldsOf(database, args.key(0));
  if (args.length === 1) return pickRandom([...fields.keys()], 1)[0] ?? null;
  const withValues = args.word(2) === "WITHVALUES";
  if (args.length > 3 || (args.length === 3 && !withValues)) throw new Refusal(SYNTAX);
  const picked = pickRandom([...fields], args.integer(1));
  return withValues ? new Scored(picked) : picked.map(([field]) => field);
}

export const HASHES: CommandTable = {
  hset: grow(-4, ({ database }, args) => setAll(database, args, "hset")),
  hmset: grow(-4, ({ database }, args) => {
    setAll(database, args, "hmset");
    return OK;
  }),
  hsetnx: grow(4, ({ database }, args) => {
    if (fieldsOf(database, args.key(0)).has(args.key(1))) return 0;
    return setFields(database, args.key(0), [[args.key(1), args.bytes(2)]]);
  }),
  hget: read(3, ({ database }, args) => fieldsOf(database, args.key(0)).get(args.key(1)) ?? null),
  hmget: read(-3, ({ database }, args) => {
    const fields = fieldsOf(database, args.key(0));
    return args.keys(1).map((field) => fields.get(field) ?? null);
  }),
  hgetall: read(2, ({ database }, args) => new Pairs([...fieldsOf(database, args.key(0))])),
  hkeys: read(2, ({ database }, args) => [...fieldsOf(database, args.key(0)).keys()]),
  hvals: read(2, ({ database }, args) => [...fieldsOf(database, args.key(0)).values()]),
  hlen: read(2, ({ database }, args) => fieldsOf(database, args.key(0)).size),
  hexists: read(3, ({ database }, args) => (fieldsOf(database, args.key(0)).has(args.key(1)) ? 1 : 0)),
  hstrlen: read(3, ({ database }, args) => fieldsOf(database, args.key(0)).get(args.key(1))?.length ?? 0),
  hdel: shrink(-3, ({ database }, args) => {
    const hash = database.typed(args.key(0), "hash");
    const gone = args.keys(1).filter((field) => hash?.delete(field) === true).length;
    if (gone > 0) database.changed(args.key(0));
    return gone;
  }),
  hincrby: grow(4, ({ database }, args) => {
    const amount = args.bigint(2);
    const old = fieldsOf(database, args.key(0)).get(args.key(1));
    const sum = addInteger(old, amount, "ERR hash value is not an integer");
    setFields(database, args.key(0), [[args.key(1), Buffer.from(String(sum))]]);
    return sum;
  }),
  hincrbyfloat: grow(4, ({ database }, args) => {
    const amount = args.double(2);
    const old = fieldsOf(database, args.key(0)).get(args.key(1));
    const sum = addDouble(old, amount, "ERR hash value is not a float");
    setFields(database, args.key(0), [[args.key(1), Buffer.from(sum)]]);
    return sum;
  }),
  hrandfield: read(-2, ({ database }, args) => randomFields(database, args)),
  hscan: read(-3, ({ database }, args) => {
    const fields = fieldsOf(database, args.key(0));
    const write = (field: string): Reply[] => [field, fields.get(field) ?? null];
    return scan({ args, cursorAt: 1, names: () => [...fields.keys()], write });
  }),
};

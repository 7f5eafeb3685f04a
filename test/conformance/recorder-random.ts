/** Commands made up by chance, the same ones for the same seed, on few keys so that they meet. */

/** Each letter in braces is one of its list: `{k}` a key, `{v}` a value. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  k: ["k1", "k2", "k3"],
  v: ["a", "b", "c", "10", "-3", "2.5", "''"],
  n: ["0", "1", "2", "-1", "-2", "5", "x"],
  s: ["1", "2", "2.5", "-4", "inf", "-inf"],
  r: ["1", "(2", "-inf", "+inf", "(2.5", "-4"],
  e: ["left", "right"],
};

const FORMS: readonly string[] = [
  ...[
    "get {k}",
    "set {k} {v}",
    "set {k} {v} nx",
    "append {k} {v}",
    "incr {k}",
    "incrby {k} {n}",
    "strlen {k}",
  ],
  ...[
    "getrange {k} {n} {n}",
    "setrange {k} {n} {v}",
    "getset {k} {v}",
    "mget {k} {k}",
    "mset {k} {v} {k} {v}",
  ],
  ...["del {k}", "type {k}", "exists {k} {k}", "rename {k} {k}", "copy {k} {k}", "persist {k}", "ttl {k}"],
  ...["lpush {k} {v}", "rpush {k} {v} {v} {v}", "lpop {k}", "rpop {k} {n}", "lrange {k} {n} {n}", "llen {k}"],
  ...[
    "lset {k} {n} {v}",
    "ltrim {k} {n} {n}",
    "lrem {k} {n} {v}",
    "linsert {k} before {v} {v}",
    "lindex {k} {n}",
  ],
  ...[
    "lmove {k} {k} {e} {e}",
    "rpoplpush {k} {k}",
    "lpos {k} {v}",
    "lmpop 2 {k} {k} {e} count 2",
    "lpushx {k} {v}",
  ],
  ...["hset {k} {v} {v}", "hget {k} {v}", "hdel {k} {v}", "~2hgetall {k}", "hincrby {k} {v} {n}", "hlen {k}"],
  ...["hsetnx {k} {v} {v}", "hmget {k} {v} {v}", "hexists {k} {v}", "~hkeys {k}"],
  ...[
    "sadd {k} {v} {v}",
    "srem {k} {v}",
    "~smembers {k}",
    "sismember {k} {v}",
    "~sunion {k} {k}",
    "~sinter {k} {k}",
  ],
  ...[
    "~sdiff {k} {k}",
    "sunionstore {k} {k} {k}",
    "sinterstore {k} {k} {k}",
    "smove {k} {k} {v}",
    "scard {k}",
  ],
  ...[
    "zadd {k} {s} {v}",
    "zadd {k} gt {s} {v}",
    "zadd {k} nx ch {s} {v} {s} {v}",
    "zincrby {k} {s} {v}",
    "zrem {k} {v}",
  ],
  ...[
    "zrange {k} {n} {n} withscores",
    "zrange {k} {r} {r} byscore",
    "zrange {k} {r} {r} byscore rev limit {n} {n}",
  ],
  ...["zrangebyscore {k} {r} {r} withscores", "zrevrange {k} {n} {n}", "zcount {k} {r} {r}", "zrank {k} {v}"],
  ...["zpopmin {k} {n}", "zpopmax {k}", "zremrangebyrank {k} {n} {n}", "zscore {k} {v}"],
  ...[
    "zremrangebyscore {k} {r} {r}",
    "zrangestore {k} {k} {n} {n}",
    "zunionstore {k} 2 {k} {k}",
    "zcard {k}",
  ],
  ...[
    "xadd {k} {n}-1 {v} {v}",
    "xlen {k}",
    "multi",
    "~0exec",
    "discard",
    "watch {k}",
    "unwatch",
    "dbsize",
    "flushdb",
  ],
  ...[
    "eval \"return redis.call('get',KEYS[1])\" 1 {k}",
    "eval \"return redis.pcall('lpush',KEYS[1],ARGV[1])\" 1 {k} {v}",
  ],
];

/** Lines as those of recorder-sequences.ts; `~0` before EXEC, whose answers hold others' in any order: its lines are sorted. */
export function randomLines(seed: number, count: number): readonly string[] {
  const next = generator(seed);
  const pick = (items: readonly string[]): string => items[Math.floor(next() * items.length)] ?? "";
  return Array.from({ length: count }, () =>
    pick(FORMS).replace(/\{(\w)\}/g, (_, letter: string) => pick(PARTS[letter] ?? [])),
  );
}

/** Numbers from 0 up to 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Things to do, in Redis: for each topic a sorted set of ids by the time at which each is due or its lease ends, and a hash
 * of `<claim or nothing> <value>`.
 */
import { randomUUID } from "node:crypto";
import { type RedisScript, redisScript } from "../../../stores/redis.ts";
import type { Agenda, AgendaEntry, ClaimedEntry, ClaimOptions } from "../state-store.ts";
import { type RedisState, texts } from "./connection.ts";

/** Arguments: 1 id, 2 due, 3 value. */
const PUT = redisScript(`
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ' ' .. ARGV[3])
`);

const GET = redisScript(`
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
return due and {due, redis.call('HGET', KEYS[2], ARGV[1])}
`);

/** Arguments: 1 now, 2 end of the lease, 3 how many, 4 claim. Answers with id, due and value in turn. */
const CLAIM = redisScript(`
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local claimed = {}
for at = 1, #due, 2 do
  local id = due[at]
  local value = string.gsub(redis.call('HGET', KEYS[2], id), '^[^ ]* ', '', 1)
  redis.call('HSET', KEYS[2], id, ARGV[4] .. ' ' .. value)
  redis.call('ZADD', KEYS[1], ARGV[2], id)
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = due[at + 1]
  claimed[#claimed + 1] = value
end
return claimed
`);

/** Leaves the script unless the claim holds. Arguments: 1 id, 2 claim. */
const CLAIMED = `
local raw = redis.call('HGET', KEYS[2], ARGV[1])
if not raw or string.match(raw, '^([^ ]*) ') ~= ARGV[2] then return 0 end
`;

/** Leaves the script unless nobody works on the entry. Arguments: 1 id, 2 now. */
const FREE = `
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due then return 0 end
local raw = redis.call('HGET', KEYS[2], ARGV[1])
if string.sub(raw, 1, 1) ~= ' ' and tonumber(due) > tonumber(ARGV[2]) then return 0 end
`;

const REMOVED = `
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
`;

/** Arguments: 3 due, 4 value. */
const CHANGED = `
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ' ' .. ARGV[4])
return 1
`;

const SETTLE = redisScript(`${CLAIMED}${REMOVED}return 1`);
const POSTPONE = redisScript(CLAIMED + CHANGED);
const CHANGE = redisScript(FREE + CHANGED);
const REMOVE = redisScript(`${FREE}${REMOVED}return {due, raw}`);
const SUMMARY = redisScript(`
return {redis.call('ZCARD', KEYS[1]), unpack(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES'))}
`);

export class RedisAgenda implements Agenda {
  readonly #redis: RedisState;

  constructor(redis: RedisState) {
    this.#redis = redis;
  }

  async put(topic: string, { id, dueAtMs, value }: AgendaEntry): Promise<void> {
    await this.#script(PUT, topic, [id, Math.ceil(dueAtMs), value]);
  }

  async get(topic: string, id: string): Promise<AgendaEntry | undefined> {
    return toEntry(id, await this.#script(GET, topic, [id]));
  }

  async claim(topic: string, { nowMs, leaseMs, limit }: ClaimOptions): Promise<readonly ClaimedEntry[]> {
    const claim = randomUUID();
    const args = [Math.floor(nowMs), Math.ceil(nowMs + leaseMs), limit, claim];
    const answer = texts(await this.#script(CLAIM, topic, args));
    const claimed: ClaimedEntry[] = [];
    for (let at = 0; at + 2 < answer.length; at += 3) {
      const [id = "", due, value = ""] = answer.slice(at, at + 3);
      claimed.push({ id, dueAtMs: Number(due), value, claim });
    }
    return claimed;
  }

  async settle(topic: string, { id, claim }: ClaimedEntry): Promise<boolean> {
    return (await this.#script(SETTLE, topic, [id, claim])) === 1;
  }

  async postpone(
    topic: string,
    { id, claim }: ClaimedEntry,
    { dueAtMs, value }: { readonly dueAtMs: number; readonly value: string },
  ): Promise<boolean> {
    return (await this.#script(POSTPONE, topic, [id, claim, Math.ceil(dueAtMs), value])) === 1;
  }

  async change(topic: string, { id, dueAtMs, value }: AgendaEntry, nowMs: number): Promise<boolean> {
    return (await this.#script(CHANGE, topic, [id, Math.floor(nowMs), Math.ceil(dueAtMs), value])) === 1;
  }

  async remove(topic: string, id: string, nowMs: number): Promise<AgendaEntry | undefined> {
    return toEntry(id, await this.#script(REMOVE, topic, [id, Math.floor(nowMs)]));
  }

  async summary(topic: string): Promise<{ readonly count: number; readonly nextDueAtMs: number | null }> {
    const [count, , due] = texts(await this.#script(SUMMARY, topic, []));
    return { count: Number(count), nextDueAtMs: due === undefined ? null : Number(due) };
  }

  #script(script: RedisScript, topic: string, args: readonly (string | number)[]): Promise<unknown> {
    const keys = [this.#redis.key("agenda", topic, "due"), this.#redis.key("agenda", topic, "entries")];
    return this.#redis.script(script, keys, args);
  }
}

/** Out of the time and the text in the hash. */
function toEntry(id: string, answer: unknown): AgendaEntry | undefined {
  const [due, raw] = texts(answer);
  if (due === undefined || raw === undefined) return undefined;
  return { id, dueAtMs: Number(due), value: raw.slice(raw.indexOf(" ") + 1) };
}

/**
 * Records in Redis: a hash for each kind, with `<version> <expiry or nothing> <value>`; beside it a sorted set of its keys,
 * for listings, and one of the times at which some expire.
 */
import { type RedisScript, redisScript } from "../../../stores/redis.ts";
import { compareCodePoints } from "../code-points.ts";
import { inRounds } from "../in-rounds.ts";
import type { ListOptions, Records, StateRecord } from "../state-store.ts";
import { type RedisState, texts } from "./connection.ts";
import { type RecordLayout, RedisKeyedRecords, STANDING, toLiveRecord } from "./keyed-records.ts";

/**
 * Arguments: 1 now, 2 first version, then for each record key, value, expiry or '', and the version that must stand ('0' none,
 * '' any). Answers for each with its new version, or what stands instead, or ''. A listed key whose expiry stays is left alone.
 */
const WRITE = redisScript(`${STANDING}
local answers = {}
for at = 3, #ARGV, 4 do
  local key, expiry, wanted = ARGV[at], ARGV[at + 2], ARGV[at + 3]
  local version, raw, last, before = standing(redis.call('HGET', KEYS[1], key), ARGV[1])
  if wanted ~= '' and (version or '0') ~= wanted then
    answers[#answers + 1] = version and raw or ''
  else
    local new = last and string.format('%.0f', tonumber(last) + 1) or ARGV[2]
    redis.call('HSET', KEYS[1], key, new .. ' ' .. expiry .. ' ' .. ARGV[at + 1])
    if not last then redis.call('ZADD', KEYS[2], 0, key) end
    if expiry == '' then
      if before then redis.call('ZREM', KEYS[3], key) end
    elseif expiry ~= before then
      redis.call('ZADD', KEYS[3], expiry, key)
    end
    answers[#answers + 1] = new
  end
end
return answers
`);

/** Arguments: 1 key, 2 now, 3 version that must stand ('' any). */
const DELETE = redisScript(`${STANDING}
local version = standing(redis.call('HGET', KEYS[1], ARGV[1]), ARGV[2])
if not version or (ARGV[3] ~= '' and version ~= ARGV[3]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1
`);

/** Arguments: 1 now, 2 how many at most. */
const SWEEP = redisScript(`
local expired = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, key in ipairs(expired) do
  redis.call('HDEL', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
end
return #expired
`);

const MAX_SWEPT = 500;
/** Scripts of one sweep at most; the next one goes on. */
const MAX_ROUNDS = 40;

export class RedisRecords extends RedisKeyedRecords implements Records {
  readonly #redis: RedisState;

  constructor(redis: RedisState) {
    super(createLayout(redis));
    this.#redis = redis;
  }

  async list(kind: string, { prefix = "", after = "", limit }: ListOptions): Promise<readonly StateRecord[]> {
    const [values, names] = keysOf(this.#redis, kind);
    // No byte of UTF-8 is 0xff.
    const end = prefix === "" ? "+" : Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)]);
    const found: StateRecord[] = [];
    for (let last = after; found.length < limit; ) {
      const wanted = limit - found.length;
      const start = isAfter(last, prefix) ? `(${last}` : `[${prefix}`;
      const keys = await this.#redis.run((client) =>
        client.zrangebylex(names, start, end, "LIMIT", 0, wanted),
      );
      if (keys.length > 0) {
        const raws = await this.#redis.run((client) => client.hmget(values, ...keys));
        found.push(...keys.flatMap((key, at) => toLiveRecord(key, raws[at] ?? "") ?? []));
      }
      const newest = keys.at(-1);
      if (keys.length < wanted || newest === undefined) break;
      last = newest;
    }
    return found;
  }

  /** Removes what has expired; resolves with whether there may be more. */
  async sweep(nowMs: number): Promise<boolean> {
    let isMore = false;
    for (const kind of this.kinds) {
      const removeSome = async (): Promise<boolean> =>
        (await this.#redis.script(SWEEP, keysOf(this.#redis, kind), [nowMs, MAX_SWEPT])) === MAX_SWEPT;
      if (await inRounds(MAX_ROUNDS, removeSome)) isMore = true;
    }
    return isMore;
  }
}

function createLayout(redis: RedisState): RecordLayout {
  const run = (script: RedisScript, kind: string, args: readonly (string | number)[]): Promise<unknown> =>
    redis.script(script, keysOf(redis, kind), args);
  return {
    read: (kind, key) => redis.run((client) => client.hget(keysOf(redis, kind)[0], key)),
    async write(kind, writes, { nowMs, firstVersion }) {
      const args = writes.flatMap(({ key, value, expiry, wanted }) => [key, value, expiry, wanted]);
      return texts(await run(WRITE, kind, [nowMs, firstVersion, ...args]));
    },
    async remove(kind, key, ifVersion) {
      return (await run(DELETE, kind, [key, Date.now(), String(ifVersion ?? "")])) === 1;
    },
  };
}

function keysOf(redis: RedisState, kind: string): [values: string, names: string, expiry: string] {
  const key = (part: string): string => redis.key("records", kind, part);
  return [key("values"), key("keys"), key("expiry")];
}

/** Whether a listing goes on after `last`, rather than beginning at the prefix. */
function isAfter(last: string, prefix: string): boolean {
  return last !== "" && compareCodePoints(last, prefix) >= 0;
}

/**
 * Records in Redis: a hash for each kind, with `<version> <expiry or nothing> <value>`; beside it a sorted set of its keys,
 * for listings, and one of the times at which some expire.
 */
import { type RedisScript, redisScript } from "../../../stores/redis.ts";
import { compareCodePoints } from "../code-points.ts";
import { firstVersion } from "../first-version.ts";
import type { ListOptions, PutOptions, Records, StateRecord } from "../state-store.ts";
import { type RedisState, texts } from "./connection.ts";

/** The version and text of the record that stands, or nothing. Arguments: 1 key, 2 now. */
const STANDING = `
local raw = redis.call('HGET', KEYS[1], ARGV[1])
local version, last
if raw then
  local number, expiry = string.match(raw, '^(%d+) (%d*) ')
  last = number
  if expiry == '' or tonumber(expiry) > tonumber(ARGV[2]) then version = number end
end
`;

/** Further arguments: 3 value, 4 expiry or '', 5 first version, 6 version that must stand ('0' none, '' any). */
const WRITE = redisScript(`${STANDING}
if ARGV[6] ~= '' and (version or '0') ~= ARGV[6] then return version and raw or false end
local new = last and string.format('%.0f', tonumber(last) + 1) or ARGV[5]
redis.call('HSET', KEYS[1], ARGV[1], new .. ' ' .. ARGV[4] .. ' ' .. ARGV[3])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if ARGV[4] == '' then redis.call('ZREM', KEYS[3], ARGV[1]) else redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1]) end
return {new}
`);

/** Further argument: 3 version that must stand ('' any). */
const DELETE = redisScript(`${STANDING}
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

export class RedisRecords implements Records {
  readonly #redis: RedisState;
  /** Kinds that this process has written to: those it sweeps. */
  readonly #kinds = new Set<string>();

  constructor(redis: RedisState) {
    this.#redis = redis;
  }

  async get(kind: string, key: string): Promise<StateRecord | undefined> {
    const raw = await this.#redis.run((client) => client.hget(this.#keys(kind)[0], key));
    return raw === null ? undefined : toLiveRecord(key, raw);
  }

  async add(
    kind: string,
    key: string,
    value: string,
    options: { readonly expiresAtMs?: number } = {},
  ): Promise<StateRecord | undefined> {
    const answer = await this.#write(kind, key, value, { ...options, ifVersion: 0 });
    return typeof answer === "string" ? toRecord(key, answer) : undefined;
  }

  async put(kind: string, key: string, value: string, options: PutOptions = {}): Promise<number | undefined> {
    const [version] = texts(await this.#write(kind, key, value, options));
    return version === undefined ? undefined : Number(version);
  }

  #write(kind: string, key: string, value: string, { ifVersion, expiresAtMs }: PutOptions): Promise<unknown> {
    const nowMs = Date.now();
    const expiry = expiresAtMs === undefined ? "" : String(Math.ceil(expiresAtMs));
    this.#kinds.add(kind);
    return this.#script(WRITE, kind, [
      key,
      nowMs,
      value,
      expiry,
      firstVersion(nowMs),
      String(ifVersion ?? ""),
    ]);
  }

  async delete(
    kind: string,
    key: string,
    { ifVersion }: { readonly ifVersion?: number } = {},
  ): Promise<boolean> {
    return (await this.#script(DELETE, kind, [key, Date.now(), String(ifVersion ?? "")])) === 1;
  }

  async list(kind: string, { prefix = "", after = "", limit }: ListOptions): Promise<readonly StateRecord[]> {
    const [values, names] = this.#keys(kind);
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

  async sweep(nowMs: number): Promise<void> {
    for (const kind of this.#kinds) {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const removed = Number(await this.#script(SWEEP, kind, [nowMs, MAX_SWEPT]));
        if (removed < MAX_SWEPT) break;
      }
    }
  }

  #script(script: RedisScript, kind: string, args: readonly (string | number)[]): Promise<unknown> {
    return this.#redis.script(script, this.#keys(kind), args);
  }

  #keys(kind: string): [values: string, names: string, expiry: string] {
    const key = (part: string): string => this.#redis.key("records", kind, part);
    return [key("values"), key("keys"), key("expiry")];
  }
}

/** Whether a listing goes on after `last`, rather than beginning at the prefix. */
function isAfter(last: string, prefix: string): boolean {
  return last !== "" && compareCodePoints(last, prefix) >= 0;
}

function toLiveRecord(key: string, raw: string): StateRecord | undefined {
  const record = toRecord(key, raw);
  const isLive = record !== undefined && (record.expiresAtMs === null || record.expiresAtMs > Date.now());
  return isLive ? record : undefined;
}

function toRecord(key: string, raw: string): StateRecord | undefined {
  const first = raw.indexOf(" ");
  const second = raw.indexOf(" ", first + 1);
  if (second < 0) return undefined;
  const expiry = raw.slice(first + 1, second);
  return {
    key,
    value: raw.slice(second + 1),
    version: Number(raw.slice(0, first)),
    expiresAtMs: expiry === "" ? null : Number(expiry),
  };
}

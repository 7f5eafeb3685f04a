/**
 * Records in Redis: a hash for each kind, with `<version> <expiry or nothing> <value>`; beside it a sorted set of its keys,
 * for listings, and one of the times at which some expire.
 */
import { type RedisScript, redisScript } from "../../../stores/redis.ts";
import { compareCodePoints } from "../code-points.ts";
import { firstVersion } from "../first-version.ts";
import { getOrMake } from "../get-or-make.ts";
import type { ListOptions, NewRecord, PutOptions, Records, StateRecord } from "../state-store.ts";
import { type RedisState, texts } from "./connection.ts";
import { TurnBatch } from "./turn-batch.ts";

/** What stands under a key, and its version; none when it has expired. `last` is the version that was written last. */
const STANDING = `
local function standing(key, now)
  local raw = redis.call('HGET', KEYS[1], key)
  if not raw then return end
  local last, expiry = string.match(raw, '^(%d+) (%d*) ')
  local isLive = expiry == '' or tonumber(expiry) > tonumber(now)
  return isLive and last or nil, raw, last, expiry
end
`;

/**
 * Arguments: 1 now, 2 first version, then for each record key, value, expiry or '', and the version that must stand ('0' none,
 * '' any). Answers for each with its new version, or what stands instead, or ''. A listed key whose expiry stays is left alone.
 */
const WRITE = redisScript(`${STANDING}
local answers = {}
for at = 3, #ARGV, 4 do
  local key, expiry, wanted = ARGV[at], ARGV[at + 2], ARGV[at + 3]
  local version, raw, last, before = standing(key, ARGV[1])
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
local version = standing(ARGV[1], ARGV[2])
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
/** Of the records of one script, which nobody else waits long for: characters, and what each costs beside them. */
const MAX_WEIGHT = 200_000;
const RECORD_WEIGHT = 1000;

/** Key, value, expiry or "", and the version that must stand: "0" none, "" any. */
type Write = readonly [key: string, value: string, expiry: string, wanted: string];

/** What else a script answers has a space in it, or is empty. */
const VERSION = /^\d+$/;

export class RedisRecords implements Records {
  readonly #redis: RedisState;
  /** By kind: those that this process has written to, which it sweeps. */
  readonly #writes = new Map<string, TurnBatch<Write, string>>();

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
    { expiresAtMs }: { readonly expiresAtMs?: number } = {},
  ): Promise<StateRecord | undefined> {
    return toRecord(key, await this.#write(kind, [key, value, toExpiry(expiresAtMs), "0"]));
  }

  async put(
    kind: string,
    key: string,
    value: string,
    { ifVersion, expiresAtMs }: PutOptions = {},
  ): Promise<number | undefined> {
    const answer = await this.#write(kind, [key, value, toExpiry(expiresAtMs), String(ifVersion ?? "")]);
    return VERSION.test(answer) ? Number(answer) : undefined;
  }

  async putAll(kind: string, records: readonly NewRecord[]): Promise<void> {
    await Promise.all(
      records.map(({ key, value, expiresAtMs }) =>
        this.#write(kind, [key, value, toExpiry(expiresAtMs), ""]),
      ),
    );
  }

  /** Resolves with the new version, or what stands instead. */
  async #write(kind: string, write: Write): Promise<string> {
    const writes = getOrMake(
      this.#writes,
      kind,
      () =>
        new TurnBatch<Write, string>({
          ask: (batch) => this.#writeAll(kind, batch),
          weigh: ([key, value]) => RECORD_WEIGHT + key.length + value.length,
          maxWeight: MAX_WEIGHT,
        }),
    );
    return (await writes.ask(write)) ?? "";
  }

  async #writeAll(kind: string, writes: readonly Write[]): Promise<readonly string[]> {
    const nowMs = Date.now();
    return texts(await this.#script(WRITE, kind, [nowMs, firstVersion(nowMs), ...writes.flat()]));
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
    for (const kind of this.#writes.keys()) {
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

function toExpiry(expiresAtMs: number | undefined): string {
  return expiresAtMs === undefined ? "" : String(Math.ceil(expiresAtMs));
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

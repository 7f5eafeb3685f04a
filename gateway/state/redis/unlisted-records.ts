/** Records that nobody lists: each under a key of its own, which Redis removes by itself once the record has expired. */
import { redisScript } from "../../../stores/redis.ts";
import { type RedisState, texts } from "./connection.ts";
import { type RecordLayout, RedisKeyedRecords, STANDING } from "./keyed-records.ts";

/**
 * Keys: one for each record. Arguments: 1 now, 2 first version, then value, expiry or '', and the version that must stand for
 * each. Redis keeps a record for a second beyond its expiry, counted by its own clock: whether it has expired, gateways say.
 */
const WRITE = redisScript(`${STANDING}
local function set(key, version, value, expiry, ...)
  local text = version .. ' ' .. expiry .. ' ' .. value
  if expiry == '' then return redis.call('SET', key, text, ...) end
  local lifetime = math.max(tonumber(expiry) - tonumber(ARGV[1]), 0) + 1000
  return redis.call('SET', key, text, 'PX', string.format('%.0f', lifetime), ...)
end

local answers = {}
for at, key in ipairs(KEYS) do
  local value, expiry, wanted = ARGV[3 * at], ARGV[3 * at + 1], ARGV[3 * at + 2]
  if wanted == '0' and set(key, ARGV[2], value, expiry, 'NX') then
    answers[at] = ARGV[2]
  else
    local version, raw, last = standing(redis.call('GET', key), ARGV[1])
    if wanted ~= '' and (version or '0') ~= wanted then
      answers[at] = version and raw or ''
    else
      local new = last and string.format('%.0f', tonumber(last) + 1) or ARGV[2]
      set(key, new, value, expiry)
      answers[at] = new
    end
  end
end
return answers
`);

/** Key: the record's. Arguments: 1 now, 2 version that must stand ('' any). */
const DELETE = redisScript(`${STANDING}
local version = standing(redis.call('GET', KEYS[1]), ARGV[1])
if not version or (ARGV[2] ~= '' and version ~= ARGV[2]) then return 0 end
return redis.call('DEL', KEYS[1])
`);

export function createUnlistedRecords(redis: RedisState): RedisKeyedRecords {
  const keyOf = (kind: string, key: string): string => redis.key("record", kind, key);
  const layout: RecordLayout = {
    read: (kind, key) => redis.run((client) => client.get(keyOf(kind, key))),
    async write(kind, writes, { nowMs, firstVersion }) {
      const args = writes.flatMap(({ value, expiry, wanted }) => [value, expiry, wanted]);
      const keys = writes.map(({ key }) => keyOf(kind, key));
      return texts(await redis.script(WRITE, keys, [nowMs, firstVersion, ...args]));
    },
    async remove(kind, key, ifVersion) {
      return (await redis.script(DELETE, [keyOf(kind, key)], [Date.now(), String(ifVersion ?? "")])) === 1;
    },
  };
  return new RedisKeyedRecords(layout);
}

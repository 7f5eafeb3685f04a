/** What is kept in Redis under keys that expire by themselves, with a sorted set of ids in the order they came. */
import { redisScript } from "../../../stores/redis.ts";
import type { RedisState } from "./connection.ts";

/** Keys removed by one script, which nobody else waits long for. */
const PRUNED_AT_ONCE = 500;

/** Removes the oldest: those beyond the number, and ids of those that have expired. Arguments: 1 prefix, 2 most to keep, 3 how many now. */
const PRUNE = redisScript(`
local surplus = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
local oldest = redis.call('ZRANGE', KEYS[1], 0, ARGV[3] - 1)
for at, id in ipairs(oldest) do
  local key = ARGV[1] .. id
  if at > surplus and redis.call('EXISTS', key) == 1 then return at - 1 end
  redis.call('DEL', key)
  redis.call('ZREM', KEYS[1], id)
end
return #oldest
`);

/**
 * Removes superfluous keys, and ids of those that have expired, from `order`; a key is `prefix` and its id. Resolves to whether there
 * may be more. Rejects with StateError.
 */
export async function pruneOldest(
  redis: RedisState,
  { order, prefix, most }: { readonly order: string; readonly prefix: string; readonly most: number },
): Promise<boolean> {
  const removed = Number(await redis.script(PRUNE, [order], [prefix, most, PRUNED_AT_ONCE]));
  return removed >= PRUNED_AT_ONCE;
}

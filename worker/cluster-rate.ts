/**
 * Rate limits that count in all workers together, kept in Redis: when a task may start next is one number for each task
 * (a token bucket that holds one token, written as the time of its next token; Redis's own clock decides).
 */

import { parseRedisUrl, redisScript, runScript } from "../stores/redis.ts";
import { RedisLink } from "../stores/redis-link.ts";
import type { RateTurns } from "./rate-limits.ts";

const PREFIX = "celerity-rate-";
const CONNECT_TIMEOUT_MS = 4000;
/** How long a turn is asked for while the server is away; then this worker counts by itself for a while. */
const BUDGET_MS = 1000;

/** ARGV: milliseconds between two starts. Returns how long to wait, in milliseconds; 0 takes the turn. */
const TAKE = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local interval = tonumber(ARGV[1])
local nextAt = tonumber(redis.call('GET', KEYS[1]) or 0)
if nextAt > now + interval then nextAt = now + interval end
if nextAt > now then return nextAt - now end
redis.call('SET', KEYS[1], now + interval, 'PX', math.ceil(interval) + 1000)
return 0
`);

/** Connects on first use. Throws ConfigurationError for a bad URL. */
export function createClusterRate(url: string): RateTurns {
  const link = new RedisLink({
    target: parseRedisUrl(url, {}),
    timeoutMs: CONNECT_TIMEOUT_MS,
    role: "backend",
  });
  return {
    async take(task, perSecond) {
      const waitMs = await link.run(
        (client) => runScript(client, TAKE, [PREFIX + task], [1000 / perSecond]),
        BUDGET_MS,
      );
      return Number(waitMs);
    },
    async close() {
      link.close();
    },
  };
}

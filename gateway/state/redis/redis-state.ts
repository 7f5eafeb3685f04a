/** State in Redis. How much of it outlives Redis itself is Redis's own setting (`appendonly`); keys must not be evicted. */
import type { StateStore } from "../state-store.ts";
import { createSweeper } from "../sweeper.ts";
import { RedisAgenda } from "./agenda.ts";
import { RedisState, type RedisStateOptions } from "./connection.ts";
import { RedisCounters } from "./counters.ts";
import { RedisFeed } from "./feed.ts";
import { RedisRecords } from "./records.ts";
import { createUnlistedRecords } from "./unlisted-records.ts";

/** Connects on first use, or by open(). Throws ConfigurationError for a bad URL. */
export function createRedisState(options: RedisStateOptions): StateStore {
  const redis = new RedisState(options);
  const records = new RedisRecords(redis);
  const feed = new RedisFeed(redis);
  const sweeper = createSweeper(() => records.sweep(Date.now()), options.onWarning);
  return {
    records,
    unlisted: createUnlistedRecords(redis),
    agenda: new RedisAgenda(redis),
    feed,
    counters: new RedisCounters(redis),
    async open() {
      await redis.run((client) => client.ping());
      sweeper.start();
    },
    async close() {
      await sweeper.stop();
      feed.close();
      redis.close();
    },
  };
}

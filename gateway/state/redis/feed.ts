/** News in Redis: a stream for each topic, its ids `<number>-0`; and a channel that tells which topics have grown. */
import { redisScript } from "../../../stores/redis.ts";
import { firstFeedId } from "../feed-id.ts";
import { FeedWatchers } from "../feed-watchers.ts";
import type { Feed, FeedEntry } from "../state-store.ts";
import type { RedisState } from "./connection.ts";
import { RedisListener } from "./listener.ts";

/** Arguments: 1 value, 2 how many to keep, 3 id of a first entry, 4 channel, 5 topic. */
const APPEND = redisScript(`
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local id = newest and string.format('%.0f', tonumber(string.match(newest[1], '^%d+')) + 1) or ARGV[3]
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], id .. '-0', 'v', ARGV[1])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return id
`);

export class RedisFeed implements Feed {
  readonly #redis: RedisState;
  readonly #watchers = new FeedWatchers();
  readonly #listener: RedisListener;
  readonly #channel: string;

  constructor(redis: RedisState) {
    this.#redis = redis;
    // Channels are not divided by database.
    this.#channel = redis.key("feed", String(redis.target.database));
    this.#listener = new RedisListener({
      target: redis.target,
      channel: this.#channel,
      onMessage: (topic) => this.#watchers.tell(topic),
      // Whatever was said while nobody listened.
      onListening: () => this.#watchers.tellAll(),
    });
  }

  async append(topic: string, value: string, keep: number): Promise<number> {
    const args = [value, keep, firstFeedId(Date.now()), this.#channel, topic];
    return Number(await this.#redis.script(APPEND, [this.#key(topic)], args));
  }

  async read(
    topic: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly FeedEntry[]> {
    const entries = await this.#redis.run((client) =>
      client.xrange(this.#key(topic), `${after + 1}-0`, "+", "COUNT", limit),
    );
    return entries.map(([id, fields]) => ({ id: toNumber(id), value: fields[1] ?? "" }));
  }

  async newest(topic: string): Promise<number> {
    const [entry] = await this.#redis.run((client) =>
      client.xrevrange(this.#key(topic), "+", "-", "COUNT", 1),
    );
    return entry === undefined ? 0 : toNumber(entry[0]);
  }

  watch(topic: string, listener: () => void): () => void {
    const stop = this.#watchers.add(topic, listener);
    this.#listener.start();
    return () => {
      stop();
      if (this.#watchers.size === 0) this.#listener.stop();
    };
  }

  #key(topic: string): string {
    return this.#redis.key("feed", topic, "entries");
  }

  close(): void {
    this.#watchers.clear();
    this.#listener.close();
  }
}

function toNumber(id: string): number {
  return Number.parseInt(id, 10);
}

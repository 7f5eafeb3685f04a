/**
 * Histories in Redis: a sorted set of events for each task, which expires by itself, and one of the tasks in the order they
 * were first heard of. How much of it outlives Redis itself is Redis's own setting (`appendonly`).
 */
import { redisScript } from "../../../stores/redis.ts";
import { RedisState, type RedisStateOptions, texts } from "../../state/redis/connection.ts";
import { pruneOldest } from "../../state/redis/prune-oldest.ts";
import {
  byTime,
  type EventFacts,
  eventKey,
  type HistoryEvent,
  type HistoryType,
  MAX_EVENTS,
} from "../event.ts";
import type { EventRetention, EventStore } from "./event-store.ts";

export interface RedisEventsOptions extends EventRetention, RedisStateOptions {}

/** Events of one script, which nobody else waits long for. */
const EVENTS_AT_ONCE = 100;

/** Keys: 1 order, then that of the task of each event. Arguments: 1 lifetime in ms, 2 now, then id, time and text of each event. */
const ADD = redisScript(`
local news = {}
for at = 2, #KEYS do
  local arg = 3 * (at - 2) + 3
  local added = redis.call('ZADD', KEYS[at], 'NX', ARGV[arg + 1], ARGV[arg + 2])
  if added == 1 then
    if redis.call('ZCARD', KEYS[at]) > ${MAX_EVENTS} then redis.call('ZREMRANGEBYRANK', KEYS[at], 1, 1) end
    redis.call('PEXPIRE', KEYS[at], ARGV[1])
    redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[arg])
  end
  news[at - 1] = added
end
return news
`);

/** Connects on first use, or by open(). Throws ConfigurationError for a bad URL. */
export function createRedisEvents(options: RedisEventsOptions): EventStore {
  return new RedisEvents(options);
}

class RedisEvents implements EventStore {
  readonly #options: RedisEventsOptions;
  readonly #redis: RedisState;
  readonly #order: string;

  constructor(options: RedisEventsOptions) {
    this.#options = options;
    this.#redis = new RedisState(options);
    this.#order = this.#redis.key("history", "order");
  }

  async open(): Promise<void> {
    await this.#redis.run((client) => client.ping());
  }

  async add(events: readonly HistoryEvent[]): Promise<readonly HistoryEvent[]> {
    const news: HistoryEvent[] = [];
    for (let at = 0; at < events.length; at += EVENTS_AT_ONCE)
      news.push(...(await this.#add(events.slice(at, at + EVENTS_AT_ONCE))));
    return news;
  }

  async #add(events: readonly HistoryEvent[]): Promise<readonly HistoryEvent[]> {
    const keys = [this.#order, ...events.map(({ taskId }) => this.#key(taskId))];
    const args = events.flatMap((event) => [event.taskId, event.atMs, toText(event)]);
    const added = texts(
      await this.#redis.script(ADD, keys, [Math.ceil(this.#options.keepMs), Date.now(), ...args]),
    );
    return events.filter((_event, at) => added[at] === "1");
  }

  async read(taskId: string): Promise<readonly HistoryEvent[]> {
    const members = await this.#redis.run((client) => client.zrange(this.#key(taskId), "0", "-1"));
    return members.map((text) => toEvent(taskId, text)).sort(byTime);
  }

  firstTimes(taskIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#redis.run(async (client) => {
      const found = await Promise.all(
        taskIds.map((id) => client.zrange(this.#key(id), "0", "0", "WITHSCORES")),
      );
      const times = new Map<string, number>();
      for (const [at, [, score]] of found.entries())
        if (score !== undefined) times.set(taskIds[at] ?? "", Number(score));
      return times;
    });
  }

  prune(): Promise<boolean> {
    const most = this.#options.maxTasks;
    return pruneOldest(this.#redis, { order: this.#order, prefix: this.#key(""), most });
  }

  #key(taskId: string): string {
    return this.#redis.key("history", "task", taskId);
  }

  async close(): Promise<void> {
    this.#redis.close();
  }
}

/** The same text at whichever gateway, or one event would be two: its key, and what is known of it, in lines. */
function toText(event: HistoryEvent): string {
  return `${eventKey(event)}\n${JSON.stringify(event.facts)}`;
}

/** The gateway's own text: what is in it, it wrote. */
function toEvent(taskId: string, text: string): HistoryEvent {
  const end = text.lastIndexOf("\n");
  const [type = "", atMs = "", ...source] = text.slice(0, end).split(" ");
  const facts = JSON.parse(text.slice(end + 1)) as EventFacts;
  return { taskId, type: type as HistoryType, atMs: Number(atMs), source: source.join(" "), facts };
}

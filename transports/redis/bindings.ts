/** kombu's binding tables, and the bindings of this process in them, which are written again now and then. */
import type { Redis } from "ioredis";
import { runScript } from "../../stores/redis.ts";
import type { Binding } from "../queue-store.ts";
import { bindingKeys, bindingMember, type RedisLayout, readBindings } from "./layout.ts";
import { type Repetition, repeat } from "./repeat.ts";
import { BIND_EXPIRING } from "./scripts.ts";

/** A table that was lost (a flushed or replaced server) is back after this. */
const REFRESH_MS = 60_000;
/** kombu keeps the table of a queue that expires for twice its expiry, and at least an hour. */
const MIN_TTL_MS = 3_600_000;

export class Bindings {
  readonly #client: Redis;
  readonly #layout: RedisLayout;
  /** Shared by all lives of a transport. */
  readonly #known: Map<string, Binding>;
  readonly #refreshing: Repetition;

  constructor(
    client: Redis,
    layout: RedisLayout,
    known: Map<string, Binding>,
    onWarning: (message: string, error?: unknown) => void,
  ) {
    this.#client = client;
    this.#layout = layout;
    this.#known = known;
    this.#refreshing = repeat(
      REFRESH_MS,
      () => this.refresh(),
      (error) => onWarning("Redis: writing the bindings again failed", error),
    );
  }

  async add(binding: Binding): Promise<void> {
    await this.#write(binding);
    this.#known.set(JSON.stringify(binding), binding);
  }

  async #write(binding: Binding): Promise<void> {
    const { table, permanent, deadlines } = bindingKeys(this.#layout, binding.exchange);
    const member = bindingMember(this.#layout, binding);
    if (binding.expiresMs === undefined) {
      await Promise.all([this.#client.sadd(table, member), this.#client.sadd(permanent, member)]);
      return;
    }
    const ttlMs = Math.max(2 * binding.expiresMs, MIN_TTL_MS);
    await runScript(this.#client, BIND_EXPIRING, [table, deadlines], [member, binding.exchange, ttlMs]);
  }

  /** Writes all bindings of this process again. */
  async refresh(): Promise<void> {
    await Promise.all([...this.#known.values()].map((binding) => this.#write(binding)));
  }

  async read(exchange: string): Promise<readonly Binding[]> {
    const members = await this.#client.smembers(bindingKeys(this.#layout, exchange).table);
    return readBindings(this.#layout, exchange, members);
  }

  /** Removes the bindings of a queue that this process made. */
  async removeQueue(queue: string): Promise<void> {
    for (const [name, binding] of [...this.#known]) {
      if (binding.queue !== queue) continue;
      const { table, permanent } = bindingKeys(this.#layout, binding.exchange);
      const member = bindingMember(this.#layout, binding);
      this.#known.delete(name);
      await Promise.all([this.#client.srem(table, member), this.#client.srem(permanent, member)]);
    }
  }

  /** Stops writing them again. */
  stop(): Promise<void> {
    return this.#refreshing.stop();
  }
}

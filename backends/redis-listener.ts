/**
 * Hears of results in Redis: one subscribing connection for all who wait. A value is read once after its channel is
 * subscribed, so that nothing is missed before, between or after; from then on messages are enough.
 */
import type { Redis } from "ioredis";
import { toError } from "../protocol/index.ts";
import { RedisLink, type RedisLinkOptions } from "../stores/redis-link.ts";

export interface RedisListenerOptions {
  readonly link: RedisLinkOptions;
  /** Key and channel of a task are this and its id. */
  readonly keyPrefix: string;
  /** How long the server may be away before those who wait are told. */
  readonly budgetMs: number;
  readonly isWanted: (taskId: string) => boolean;
  readonly wanted: () => Iterable<string>;
  readonly read: (keys: readonly string[]) => Promise<readonly (Buffer | null)[]>;
  readonly onValue: (taskId: string, value: Buffer) => void;
  readonly onFailed: (taskId: string, error: Error) => void;
}

/** What is known of a task that is listened to. */
interface Channel {
  /** True once the server said so: a message before that may be of an earlier subscription, and is read anyway. */
  subscribed: boolean;
  /** True once a message came: what is read later is not newer. */
  heard: boolean;
  /** What was read, until the first message: that may be the same value. */
  value: Buffer | undefined;
}

/** Channels subscribed, and keys read, by one command. */
const CHUNK = 500;
/** Wait before channels that nobody listens to are left, all together: leaving is never urgent. */
const LINGER_MS = 50;
/** Wait before the key of a new task is read: its result nearly always comes as a message first. */
const NEW_TASK_READ_MS = 5;

export class RedisListener {
  readonly #options: RedisListenerOptions;
  readonly #link: RedisLink;
  readonly #channels = new Map<string, Channel>();
  /** Tasks to listen to, and whether they are new. */
  readonly #joining = new Map<string, boolean>();
  readonly #leaving = new Set<string>();

  constructor(options: RedisListenerOptions) {
    this.#options = options;
    this.#link = new RedisLink({
      ...options.link,
      onOpened: (client) => {
        client.on("messageBuffer", (channel: Buffer, value: Buffer) => this.#onMessage(channel, value));
      },
      onEnded: () => this.#onEnded(),
    });
  }

  /**
   * Somebody waits for a task; all that one turn of the event loop tells is done together. A new task is one that is
   * not sent yet, so that there is nothing to read at once.
   */
  join(taskId: string, isNew: boolean): void {
    this.#joining.set(taskId, isNew);
    if (this.#joining.size === 1) setImmediate(() => void this.#joinAll());
  }

  /** Nobody waits for a task any more. */
  leave(taskId: string): void {
    this.#leaving.add(taskId);
    if (this.#leaving.size === 1) setTimeout(() => void this.#leaveAll(), LINGER_MS).unref();
  }

  async #joinAll(): Promise<void> {
    const joining = [...this.#joining];
    this.#joining.clear();
    const { isWanted, budgetMs, onFailed } = this.#options;
    const follow = (client: Redis, isNew: boolean): Promise<void>[] => {
      // Asked anew on every try: who has left by then needs nothing.
      const taskIds = joining.filter(([id, fresh]) => fresh === isNew && isWanted(id)).map(([id]) => id);
      return chunks(taskIds).map((chunk) => this.#follow(client, chunk, isNew));
    };
    try {
      if (!joining.some(([taskId]) => isWanted(taskId))) return;
      await this.#link.run(async (client) => {
        await Promise.all([...follow(client, true), ...follow(client, false)]);
      }, budgetMs);
    } catch (error) {
      for (const [taskId] of joining) onFailed(taskId, toError(error));
    }
  }

  async #leaveAll(): Promise<void> {
    const left = [...this.#leaving].filter((id) => !this.#options.isWanted(id) && this.#channels.delete(id));
    this.#leaving.clear();
    if (left.length === 0) return;
    const unsubscribe = async (client: Redis): Promise<void> => {
      await Promise.all(chunks(left).map((chunk) => client.unsubscribe(...this.#keys(chunk))));
    };
    // A connection that ended has left every channel.
    await this.#link.run(unsubscribe, 0).catch(() => undefined);
  }

  #keys(taskIds: readonly string[]): readonly string[] {
    return taskIds.map((taskId) => this.#options.keyPrefix + taskId);
  }

  async #follow(client: Redis, taskIds: readonly string[], isNew: boolean): Promise<void> {
    for (const taskId of taskIds)
      this.#channels.set(taskId, { subscribed: false, heard: false, value: undefined });
    await client.subscribe(...this.#keys(taskIds));
    for (const taskId of taskIds) {
      const channel = this.#channels.get(taskId);
      if (channel !== undefined) channel.subscribed = true;
    }
    if (!isNew) return this.#read(taskIds);
    await new Promise((resolve) => setTimeout(resolve, NEW_TASK_READ_MS));
    const unheard = taskIds.filter((taskId) => this.#channels.get(taskId)?.heard === false);
    if (unheard.length > 0) await this.#read(unheard);
  }

  async #read(taskIds: readonly string[]): Promise<void> {
    const { read, onValue } = this.#options;
    const values = await read(this.#keys(taskIds));
    for (const [at, taskId] of taskIds.entries()) {
      const value = values[at] ?? undefined;
      const channel = this.#channels.get(taskId);
      if (value === undefined || channel === undefined || channel.heard) continue;
      channel.value = value;
      onValue(taskId, value);
    }
  }

  #onMessage(name: Buffer, value: Buffer): void {
    const taskId = name.toString().slice(this.#options.keyPrefix.length);
    const channel = this.#channels.get(taskId);
    if (channel?.subscribed !== true) return;
    const known = channel.value?.equals(value) === true;
    channel.heard = true;
    channel.value = undefined;
    if (!known) this.#options.onValue(taskId, value);
  }

  /** A new connection hears nothing yet: everything is subscribed and read again. */
  #onEnded(): void {
    this.#channels.clear();
    for (const taskId of this.#options.wanted()) this.join(taskId, false);
  }

  /** Ends the connection. Twice is fine. */
  close(): void {
    this.#link.close();
  }
}

function chunks(items: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, at) =>
    items.slice(at * CHUNK, (at + 1) * CHUNK),
  );
}

/** Fanout exchanges over publish/subscribe. Source: kombu/transport/redis.py (_put_fanout, _subscribe, _receive_one). */
import type { Redis } from "ioredis";
import type { Subscription } from "../queue-store.ts";
import { fanoutTopic, type RedisLayout } from "./layout.ts";

type Listener = (payload: string, routingKey: string) => void;

export class Fanout {
  readonly #layout: RedisLayout;
  readonly #subscriber: () => Promise<Redis>;
  readonly #listeners = new Map<string, Set<{ readonly exchange: string; readonly onPayload: Listener }>>();
  #listening = false;

  constructor(layout: RedisLayout, subscriber: () => Promise<Redis>) {
    this.#layout = layout;
    this.#subscriber = subscriber;
  }

  async subscribe(exchange: string, routingKeyPattern: string, onPayload: Listener): Promise<Subscription> {
    const client = await this.#subscriber();
    if (!this.#listening) {
      this.#listening = true;
      client.on("pmessage", (pattern: string, channel: string, payload: string) =>
        this.#onMessage(pattern, channel, payload),
      );
    }
    const pattern = fanoutTopic(this.#layout, exchange, routingKeyPattern.replaceAll("#", "*"));
    const listener = { exchange, onPayload };
    const listeners = this.#listeners.get(pattern) ?? new Set();
    this.#listeners.set(pattern, listeners.add(listener));
    await client.psubscribe(pattern);
    return {
      close: async () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        this.#listeners.delete(pattern);
        await client.punsubscribe(pattern);
      },
    };
  }

  #onMessage(pattern: string, channel: string, payload: string): void {
    for (const { exchange, onPayload } of [...(this.#listeners.get(pattern) ?? [])]) {
      const topic = fanoutTopic(this.#layout, exchange, "");
      onPayload(payload, channel.slice(topic.length + 1));
    }
  }
}

/** Listens to a channel over a connection of its own, and anew when that was cut. */
import { RedisLink } from "../../../stores/redis-link.ts";
import type { RedisTarget } from "../../../stores/redis-url.ts";
import { CONNECT_TIMEOUT_MS } from "./connection.ts";

export interface RedisListenerOptions {
  readonly target: RedisTarget;
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** Called whenever it has begun to listen: from then on nothing is missed. */
  readonly onListening: () => void;
}

/** Pause before it connects anew. */
const PAUSE_MS = 500;

export class RedisListener {
  readonly #options: RedisListenerOptions;
  #link: RedisLink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: RedisListenerOptions) {
    this.#options = options;
  }

  /** Does nothing when it listens already. */
  start(): void {
    if (this.#link !== undefined || this.#isClosed) return;
    const { target, channel, onMessage, onListening } = this.#options;
    const link = new RedisLink({
      target,
      timeoutMs: CONNECT_TIMEOUT_MS,
      role: "backend",
      onOpened: (client) => client.on("message", (_channel: string, message: string) => onMessage(message)),
      onEnded: () => this.#later(() => listen()),
    });
    this.#link = link;
    const listen = (): void => {
      link
        .client()
        .then((client) => client.subscribe(channel))
        .then(onListening)
        .catch(() => {
          if (this.#link === link) this.#later(() => listen());
        });
    };
    listen();
  }

  #later(listen: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(listen, PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#link?.close();
    this.#link = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.stop();
  }
}

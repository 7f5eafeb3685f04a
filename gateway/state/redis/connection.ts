/** The gateway's connection to Redis: commands that are under way when it ends are not repeated, since they may have been done. */
import type { Redis } from "ioredis";
import {
  isRefusal,
  parseRedisUrl,
  type RedisScript,
  type RedisTarget,
  runScript,
} from "../../../stores/redis.ts";
import { RedisLink } from "../../../stores/redis-link.ts";
import { withStateErrors } from "../state-error.ts";

export interface RedisStateOptions {
  readonly url: string;
  readonly transportOptions?: Readonly<Record<string, unknown>>;
  /** Begins all keys. The braces keep them together on a cluster. */
  readonly prefix?: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export const DEFAULT_PREFIX = "{celerity-gateway}";
export const CONNECT_TIMEOUT_MS = 4000;

export class RedisState {
  readonly target: RedisTarget;
  readonly #prefix: string;
  readonly #link: RedisLink;

  /** Throws ConfigurationError for a bad URL. */
  constructor({ url, transportOptions = {}, prefix = DEFAULT_PREFIX }: RedisStateOptions) {
    this.target = parseRedisUrl(url, transportOptions);
    this.#prefix = prefix;
    this.#link = new RedisLink({ target: this.target, timeoutMs: CONNECT_TIMEOUT_MS, role: "backend" });
  }

  key(...parts: readonly string[]): string {
    return [this.#prefix, ...parts].join(":");
  }

  /** Connects when there is no connection. Rejects with StateError. */
  run<Result>(work: (client: Redis) => Promise<Result>): Promise<Result> {
    return withStateErrors(async () => {
      const client = await this.#link.client();
      try {
        return await work(client);
      } catch (error) {
        // A server that became a replica: the next call looks for the master anew.
        if (isRefusal(error) && error.message.startsWith("READONLY")) client.disconnect();
        throw error;
      }
    });
  }

  script(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    return this.run((client) => runScript(client, script, keys, args));
  }

  close(): void {
    this.#link.close();
  }
}

/** The texts of a script's answer; none for anything but a list. */
export function texts(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : [];
}

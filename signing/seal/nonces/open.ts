/** Nonce stores by URL. A new one is a file and a line here. */
import { ConfigurationError } from "../../../protocol/index.ts";
import type { NonceStore } from "../nonce-store.ts";
import { createMemoryNonceStore } from "./memory.ts";

export interface NonceStoreOptions {
  /** A Redis or SQL URL in any of Celery's spellings, or `memory`. */
  readonly url: string;
  /** Of the broker or result backend whose URL it is (TLS, sentinels); {} for a URL of its own. */
  readonly transportOptions?: Readonly<Record<string, unknown>>;
}

type Open = (options: NonceStoreOptions) => Promise<NonceStore>;

const redis: Open = async ({ url, transportOptions = {} }) =>
  (await import("./redis.ts")).createRedisNonceStore({ url, transportOptions });
const sql: Open = async ({ url }) =>
  (await import("./sql.ts")).createSqlNonceStore({ url: url.replace(/^(?:db|sqla|sqlalchemy)\+/, "") });
const memory: Open = async () => createMemoryNonceStore();

/** By the part of the URL's scheme before "+"; drivers are loaded on first use. */
const STORES: Readonly<Record<string, Open>> = {
  redis,
  rediss: redis,
  socket: redis,
  sentinel: redis,
  db: sql,
  sqla: sql,
  sqlalchemy: sql,
  sqlite: sql,
  postgresql: sql,
  postgres: sql,
  memory,
};

function storeFor(url: string): Open | undefined {
  const name = /^([a-z]+)(?:\+[a-z0-9+]*)?:\/\//i.exec(url)?.[1]?.toLowerCase() ?? url;
  return Object.hasOwn(STORES, name) ? STORES[name] : undefined;
}

/** Can nonces be kept at this URL, for every worker to see? */
export function isSharedNonceStore(url: string): boolean {
  const open = storeFor(url);
  return open !== undefined && open !== memory;
}

/** Opens the store of a URL; it connects on first use. Throws ConfigurationError for a URL that is not known. */
export async function openNonceStore(options: NonceStoreOptions): Promise<NonceStore> {
  const open = storeFor(options.url);
  if (open !== undefined) return open(options);
  throw new ConfigurationError(
    "messageSealNonceStore must be a Redis or SQL URL such as redis://127.0.0.1:6379/1, or memory.",
  );
}

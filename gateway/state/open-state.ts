/** Opens the state of a gateway by URL. A new place is a file and a line here. */
import { ConfigurationError } from "../../protocol/index.ts";
import { createMemoryState } from "./memory-state.ts";
import { createRedisState } from "./redis/redis-state.ts";
import { createSqlState } from "./sql/sql-state.ts";
import type { StateStore } from "./state-store.ts";

export interface StateOptions {
  /** SQLite, PostgreSQL or Redis. Default: in this process. */
  readonly url?: string;
  /** Of the broker or result store whose URL it is (TLS, `masterName` of sentinels). */
  readonly transportOptions?: Readonly<Record<string, unknown>>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** A place where state lies, and what its URL means. */
export interface StatePlace {
  readonly kind: "redis" | "sql";
  readonly url: string;
}

/** By the part of the URL's scheme before "+". */
const KINDS: Readonly<Record<string, StatePlace["kind"]>> = {
  redis: "redis",
  rediss: "redis",
  socket: "redis",
  sentinel: "redis",
  sqlite: "sql",
  postgresql: "sql",
  postgres: "sql",
  db: "sql",
};

/** Throws ConfigurationError for a URL that is not known. */
export function readStateUrl(url: string): StatePlace {
  const scheme = /^([a-z]+)(?:\+[a-z0-9+]*)?:\/\//i.exec(url)?.[1]?.toLowerCase() ?? "";
  const kind = Object.hasOwn(KINDS, scheme) ? KINDS[scheme] : undefined;
  if (kind !== undefined) return { kind, url: url.replace(/^db\+/i, "") };
  throw new ConfigurationError(
    "stateUrl (--state) must be a SQLite, PostgreSQL or Redis URL such as redis://127.0.0.1:6379/0 or sqlite:///gateway.db.",
  );
}

/** Connects on first use, or by open(). Throws ConfigurationError for a URL that is not known. */
export function createStateStore({ url, transportOptions = {}, onWarning }: StateOptions): StateStore {
  if (url === undefined) return createMemoryState();
  const place = readStateUrl(url);
  return place.kind === "redis"
    ? createRedisState({ url: place.url, transportOptions, onWarning })
    : createSqlState({ url: place.url, onWarning });
}

/** Result backends by URL scheme. A new one is a file and a line here. */
import { ConfigurationError } from "../protocol/index.ts";
import type { Connection } from "../transports/index.ts";
import type { BackendFactory, BackendOptions, ResultBackend } from "./result-backend.ts";

type BackendModule = () => Promise<{ readonly default: BackendFactory }>;

const redis: BackendModule = () => import("./redis.ts");
const database: BackendModule = () => import("./database.ts");
const memory: BackendModule = () => import("./memory.ts");

/** Celery's scheme names; drivers are loaded on first use, so that their libraries are too. */
const BACKENDS: Readonly<Record<string, BackendModule>> = {
  redis,
  rediss: redis,
  "redis+socket": redis,
  socket: redis,
  sentinel: redis,
  db: database,
  "cache+memory": memory,
};

/** Loads the driver of a URL; `connection` opens the broker connection that rpc results travel on. */
export async function createBackend(
  options: BackendOptions,
  connection: () => Promise<Connection>,
): Promise<ResultBackend> {
  const scheme = options.url.slice(0, options.url.indexOf("://"));
  if (scheme === "rpc") return (await import("./rpc.ts")).createRpcBackend(options, connection);
  const name = scheme.startsWith("db+") ? "db" : scheme;
  const load = Object.hasOwn(BACKENDS, name) ? BACKENDS[name] : undefined;
  if (load === undefined) {
    const known = [...Object.keys(BACKENDS), "rpc"].join(", ");
    throw new ConfigurationError(`No result backend for "${scheme}://"; known schemes: ${known}.`);
  }
  return (await load()).default(options);
}

/** Does a store of this URL keep expired results until somebody removes them? Celery's supports_autoexpire, negated. */
export function needsCleanup(url: string): boolean {
  return /^db[+:]/.test(url);
}

/** Does Celery's `result_compression` apply to the backend of this URL? Of the backends here, to Redis alone (wire fact of 5.7). */
export function compressesResults(url: string): boolean {
  const scheme = url.slice(0, url.indexOf("://"));
  return Object.hasOwn(BACKENDS, scheme) && BACKENDS[scheme] === redis;
}

export * from "./chord-store.ts";
export { exceptionRepr, failureOf } from "./chords/failure.ts";
export { leavesOf } from "./chords/join.ts";
export * from "./chords/unlock-call.ts";
export * from "./result-backend.ts";

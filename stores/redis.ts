/**
 * Opens connections to Redis, for the transport and the result backend alike. A connection has one life: the client never
 * reconnects behind its owner's back and never repeats a command, because only the owner knows what may be repeated.
 */
import { createHash } from "node:crypto";
import { Redis, ReplyError } from "ioredis";
import { BackendError, BrokerError, type CelerityError, toError } from "../protocol/index.ts";
import { inOneWrite } from "./one-write.ts";
import type { RedisTarget } from "./redis-url.ts";

export { parseRedisUrl, type RedisTarget } from "./redis-url.ts";

/** One life of a connection to Redis. */
export interface RedisConnection {
  readonly client: Redis;
  /** Resolves once, with the reason, when the connection has ended. */
  readonly ended: Promise<Error>;
}

export interface OpenRedisOptions {
  /** Time for everything up to the first answer: address, TLS, password, a server that still loads its data. */
  readonly timeoutMs: number;
  /** Whom the connection serves: errors are BrokerError or BackendError. */
  readonly role: "broker" | "backend";
}

/** Without an answer for this long the connection counts as dead; transport option `socketTimeout` (seconds). */
const SOCKET_TIMEOUT_MS = 8000;

/**
 * Opens one connection. Commands that are under way when it ends reject, later ones too.
 * Rejects with BrokerError `broker_unavailable` or BackendError `backend_unavailable`, naming the server without its password.
 */
export async function openRedis(target: RedisTarget, options: OpenRedisOptions): Promise<RedisConnection> {
  const { timeoutMs } = options;
  const sentinels = target.options.sentinels?.length ?? 0;
  const client = new Redis({
    socketTimeout: SOCKET_TIMEOUT_MS,
    ...target.options,
    lazyConnect: true,
    noDelay: true,
    // RESP2: key invalidations then arrive as messages of a channel, and old servers and proxies know it.
    protocol: 2,
    connectTimeout: timeoutMs / (sentinels + 1),
    maxLoadingRetryTime: timeoutMs,
    retryStrategy: null,
    sentinelRetryStrategy: () => null,
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    replyMapping: "legacy",
  });
  let reason: Error | undefined;
  client.on("error", (error: Error) => {
    reason = error;
  });
  const ended = new Promise<Error>((resolve) => {
    client.once("end", () => resolve(reason ?? new Error("the server closed the connection")));
  });
  const timer = setTimeout(() => {
    reason = new Error(`no answer within ${timeoutMs} ms`);
    client.disconnect();
  }, timeoutMs);
  try {
    await client.connect();
    // A refused SELECT only shows here, and would leave the connection on database 0.
    if (reason !== undefined) throw reason;
  } catch (error) {
    client.disconnect();
    throw unavailable(target, options.role, reason ?? toError(error));
  } finally {
    clearTimeout(timer);
  }
  inOneWrite(client.stream);
  keepAlive(client);
  return { client, ended };
}

/** A silent cut shows itself only to who waits for an answer: so there is always one to wait for. */
function keepAlive(client: Redis): void {
  const everyMs = (client.options.socketTimeout ?? SOCKET_TIMEOUT_MS) / 2;
  const timer = setInterval(() => void client.ping().catch(() => undefined), everyMs);
  timer.unref();
  client.once("end", () => clearInterval(timer));
}

/** The error for a server that cannot be reached or went away. */
export function unavailable(
  target: RedisTarget,
  role: OpenRedisOptions["role"],
  cause: Error,
): CelerityError {
  return role === "broker"
    ? new BrokerError("broker_unavailable", `Redis ${target.description}: ${cause.message}`, { cause })
    : new BackendError("backend_unavailable", `Redis ${target.description}: ${cause.message}`, { cause });
}

/** True when the server answered, with an error; false when there was no answer. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error instanceof (ReplyError as ErrorConstructor);
}

/** True for answers that another server, or the same one in a while, would not give. */
export function isTemporaryRefusal(error: Error): boolean {
  return /^(?:READONLY|LOADING|MASTERDOWN|BUSY|OOM|MISCONF|TRYAGAIN|NOREPLICAS|CLUSTERDOWN)\b/.test(
    error.message,
  );
}

/** A Lua script, and the name the server keeps it under. */
export interface RedisScript {
  readonly lua: string;
  readonly sha: string;
}

/** Prepares a script; nothing is sent. */
export function redisScript(lua: string): RedisScript {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/** Runs a script by its name, and by its text where the server does not know it yet. */
export async function runScript(
  client: Redis,
  script: RedisScript,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!isRefusal(error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return await client.eval(script.lua, keys.length, ...keys, ...args);
  }
}

/** Brokers by URL scheme. A new one is a file and a line here. */
import { ConfigurationError } from "../protocol/index.ts";
import { redactUrl, transportName } from "./broker-urls.ts";
import type { Transport, TransportFactory, TransportOptions } from "./transport.ts";

type TransportModule = () => Promise<{ readonly default: TransportFactory }>;

const amqp: TransportModule = () => import("./amqp.ts");
const redis: TransportModule = () => import("./redis.ts");
const sql: TransportModule = () => import("./sql.ts");
const memory: TransportModule = () => import("./memory.ts");

/** Kombu's scheme names; drivers are loaded on first use, so that their libraries are too. */
const TRANSPORTS: Readonly<Record<string, TransportModule>> = {
  amqp,
  amqps: amqp,
  pyamqp: amqp,
  librabbitmq: amqp,
  redis,
  rediss: redis,
  sentinel: redis,
  sqla: sql,
  sqlalchemy: sql,
  sqlite: sql,
  memory,
};

/** Loads the driver of a URL. Throws ConfigurationError for an unknown scheme, CelerityError `missing_package` for a missing library. */
export async function createTransport(options: TransportOptions): Promise<Transport> {
  const name = transportName(options.url);
  const load = Object.hasOwn(TRANSPORTS, name) ? TRANSPORTS[name] : undefined;
  if (load === undefined) {
    throw new ConfigurationError(
      `No transport for "${redactUrl(options.url)}"; known schemes: ${Object.keys(TRANSPORTS).join(", ")}.`,
    );
  }
  return (await load()).default(options);
}

/** What a broker's present settings may cost, a sentence each. Rejects when it cannot be asked. */
export async function brokerRisks(options: Omit<TransportOptions, "onWarning">): Promise<readonly string[]> {
  const name = transportName(options.url);
  if (!Object.hasOwn(TRANSPORTS, name) || TRANSPORTS[name] !== redis) return [];
  return await (await import("./redis/risks.ts")).redisRisks(options);
}

export * from "./broker-urls.ts";
export * from "./failover.ts";
export * from "./native-delay.ts";
export * from "./reconnecting.ts";
export * from "./transport.ts";

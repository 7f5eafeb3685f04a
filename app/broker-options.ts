/** What brokers and result stores are opened with: the settings, as their drivers take them. */
import { type ReconnectingOptions, splitBrokerUrls, transportName } from "../transports/index.ts";
import type { Settings } from "./settings.ts";
import { sslOption } from "./ssl-setting.ts";

/** What a connection is for. A worker that only ends when it is told to has rules of its own for reconnecting. */
export type ConnectionUse = "consume" | "publish";

/** URLs of the brokers for one use, in failover order. */
export function brokerUrls(settings: Settings, use: ConnectionUse): readonly string[] {
  const own = use === "consume" ? settings.brokerReadUrl : settings.brokerWriteUrl;
  return splitBrokerUrls(own ?? settings.brokerUrl);
}

/** Transport options for one broker: those of settings, under those of `brokerTransportOptions`. */
export function brokerOptions(settings: Settings, url: string): Readonly<Record<string, unknown>> {
  const driver = driverOf(url);
  const ssl = driver && sslOption("brokerUseSsl", settings.brokerUseSsl, driver);
  return {
    heartbeatSeconds: settings.brokerHeartbeat,
    delayedQueueType: settings.brokerNativeDelayedDeliveryQueueType,
    detectQuorumQueues: settings.workerDetectQuorumQueues,
    ...(settings.brokerLoginMethod === null ? {} : { loginMethod: settings.brokerLoginMethod }),
    ...(ssl === undefined ? {} : { ssl }),
    ...camelKeys(settings.brokerTransportOptions),
  };
}

function driverOf(url: string): "redis" | "amqp" | undefined {
  const name = transportName(url);
  if (["amqp", "amqps", "pyamqp", "librabbitmq"].includes(name)) return "amqp";
  return ["redis", "rediss", "sentinel"].includes(name) ? "redis" : undefined;
}

/** When a connection gives up. Publishers never stop because of a lost connection: their calls have deadlines. */
export function retryOptions(settings: Settings, use: ConnectionUse): Partial<ReconnectingOptions> {
  const { brokerConnectionRetry: retry, brokerConnectionRetryOnStartup: onStartup } = settings;
  return use === "publish" ? {} : { retry, retryOnStartup: onStartup ?? retry };
}

/** Options for the result store: those of settings, under those of `resultBackendTransportOptions`. */
export function backendOptions(settings: Settings): Readonly<Record<string, unknown>> {
  const url = settings.resultBackend ?? "";
  const { redisSocketTimeout, redisSocketConnectTimeout, redisBackendUseSsl, databaseTableNames } = settings;
  const ssl = sslOption("redisBackendUseSsl", redisBackendUseSsl, "redis");
  const forRedis = {
    ...(ssl === undefined ? {} : { ssl }),
    ...(redisSocketTimeout === null ? {} : { socketTimeout: redisSocketTimeout }),
    ...(redisSocketConnectTimeout === null ? {} : { socketConnectTimeout: redisSocketConnectTimeout }),
    ...(settings.resultFailureExpires === null ? {} : { failureExpires: settings.resultFailureExpires }),
  };
  const forDatabase = Object.keys(databaseTableNames).length === 0 ? {} : { tableNames: databaseTableNames };
  return {
    persistent: settings.resultPersistent,
    ...(settings.resultBackendAlwaysRetry ? { storeBudgetMs: retriesLastMs(settings) } : {}),
    ...(/^(redis|sentinel|socket)/.test(url) ? forRedis : {}),
    ...(url.startsWith("db+") ? forDatabase : {}),
    ...camelKeys(settings.resultBackendTransportOptions),
  };
}

/** How long Celery's retries may take in all: pauses that double up to a limit. Source: celery/backends/base.py. */
function retriesLastMs(settings: Settings): number {
  const {
    resultBackendMaxRetries: retries,
    resultBackendBaseSleepBetweenRetriesMs: base,
    resultBackendMaxSleepBetweenRetriesMs: most,
  } = settings;
  if (retries === null || !Number.isFinite(retries)) return Number.POSITIVE_INFINITY;
  let total = 0;
  let done = 0;
  for (let pause = 2 * base; done < retries && pause < most && pause > 0; pause *= 2) {
    total += pause;
    done += 1;
  }
  return total + (base > 0 ? (retries - done) * most : 0);
}

/** kombu's options have names with underscores, which the environment's JSON and shared configuration files use. */
function camelKeys(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const camel = (name: string): string =>
    name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value]));
}

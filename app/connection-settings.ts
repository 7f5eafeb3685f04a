/** Settings of connections to brokers and result stores that go beyond their URLs. Celery 5.7's names, units and defaults. */
import type { SslSetting } from "./ssl-setting.ts";

export interface ConnectionSettings {
  /** Where workers take tasks from, when that is not brokerUrl. */
  readonly brokerReadUrl: string | readonly string[] | null;
  /** Where tasks are sent to, when that is not brokerUrl. */
  readonly brokerWriteUrl: string | readonly string[] | null;
  /** TLS to RabbitMQ or Redis: true, or files and rules by Celery's names; false: as the URL says. */
  readonly brokerUseSsl: SslSetting;
  /** How to log in to RabbitMQ: PLAIN, AMQPLAIN or EXTERNAL; null is PLAIN. */
  readonly brokerLoginMethod: string | null;
  /** A worker that loses its broker connects again; false ends it. */
  readonly brokerConnectionRetry: boolean;
  /** The same for a worker that starts; null takes brokerConnectionRetry. */
  readonly brokerConnectionRetryOnStartup: boolean | null;

  /** TLS to the Redis that keeps results, as brokerUseSsl. */
  readonly redisBackendUseSsl: SslSetting;
  /** Seconds without an answer after which a connection to that Redis counts as dead; null: 8. Celery's default is 120. */
  readonly redisSocketTimeout: number | null;
  /** Seconds for one attempt to connect to it; null: 5. */
  readonly redisSocketConnectTimeout: number | null;
  /** Names of the tables in a SQL result store, `task` and `group`. */
  readonly databaseTableNames: Readonly<Record<string, unknown>>;
  /** Store results again for as long as the next three say; false: for a minute. */
  readonly resultBackendAlwaysRetry: boolean;
  readonly resultBackendBaseSleepBetweenRetriesMs: number;
  readonly resultBackendMaxSleepBetweenRetriesMs: number;
  /** null, the default: without end. */
  readonly resultBackendMaxRetries: number | null;
}

export const CONNECTION_DEFAULTS: ConnectionSettings = {
  brokerReadUrl: null,
  brokerWriteUrl: null,
  brokerUseSsl: false,
  brokerLoginMethod: null,
  brokerConnectionRetry: true,
  brokerConnectionRetryOnStartup: null,
  redisBackendUseSsl: false,
  redisSocketTimeout: null,
  redisSocketConnectTimeout: null,
  databaseTableNames: {},
  resultBackendAlwaysRetry: false,
  resultBackendBaseSleepBetweenRetriesMs: 10,
  resultBackendMaxSleepBetweenRetriesMs: 10_000,
  resultBackendMaxRetries: null,
};

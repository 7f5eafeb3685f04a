/**
 * The settings of Celery 5.7 that this app does not take, and what happens without them. Source: celery/app/defaults.py;
 * a test compares this table and {@link Settings} with it, and writes docs/settings.md.
 */

/** Why a setting of Celery is not one here. */
export interface AbsentSetting {
  /** "needless": nothing is missing without it. "unsupported": what it asks for is not done. */
  readonly kind: "needless" | "unsupported";
  /** In a few words: why, or what to do instead. */
  readonly reason: string;
}

const needless = (reason: string): AbsentSetting => ({ kind: "needless", reason });
const unsupported = (reason: string): AbsentSetting => ({ kind: "unsupported", reason });

const URL_PART = unsupported("write it in brokerUrl");
const RESULT_URL_PART = unsupported("write it in resultBackend");
const LOG_FORM = unsupported("logs are text or JSON: --log-format, --logfile");

/** Result stores that are not there, by the beginning of their settings. */
export const ABSENT_STORES: Readonly<Record<string, string>> = {
  arangodb_: "ArangoDB",
  azureblockblob_: "Azure Blob Storage",
  cache_: "Memcached",
  cassandra_: "Cassandra",
  cosmosdbsql_: "Cosmos DB",
  couchbase_: "Couchbase",
  elasticsearch_: "Elasticsearch",
  gcs_: "Google Cloud Storage",
  mongodb_: "MongoDB",
  s3_: "S3",
};

const ABSENT: Readonly<Record<string, AbsentSetting>> = {
  enable_utc: needless("times travel in UTC, as with its default; timezone is for schedules"),
  imports: unsupported("import the modules of tasks in the module that makes the app"),
  include: unsupported("import the modules of tasks in the module that makes the app"),

  beat_enable_remote_control: unsupported("beat does not answer remote control; its logs and metrics tell"),
  beat_remote_control_max_tick_age: unsupported("beat does not answer remote control"),

  broker_transport: URL_PART,
  broker_host: URL_PART,
  broker_port: URL_PART,
  broker_user: URL_PART,
  broker_password: URL_PART,
  broker_vhost: URL_PART,
  broker_channel_error_retry: needless("a channel that the broker closed is always opened again"),
  broker_heartbeat_checkrate: needless("the AMQP client checks twice in each heartbeat"),
  broker_pool_limit: needless("an app publishes on one connection, which any number of calls share"),
  broker_pool_acquire_timeout: needless("there is no pool of connections to wait for"),

  redis_host: RESULT_URL_PART,
  redis_port: RESULT_URL_PART,
  redis_db: RESULT_URL_PART,
  redis_username: RESULT_URL_PART,
  redis_password: RESULT_URL_PART,
  redis_max_connections: needless("an app reads and stores results on two connections"),
  redis_retry_on_timeout: needless("storing and reading are always tried again"),
  redis_socket_keepalive: needless("a connection without an answer is given up: redisSocketTimeout"),

  result_cache_max: needless("results are not cached"),
  result_exchange: needless("only Celery's former amqp result store used it"),
  result_exchange_type: needless("only Celery's former amqp result store used it"),
  database_url: unsupported('write it in resultBackend, with "db+" before it'),
  database_engine_options: unsupported("there is no SQLAlchemy; see docs/backends for what can be set"),
  database_engine_callback: unsupported("there is no SQLAlchemy"),
  database_short_lived_sessions: needless("each query is a transaction of its own"),
  database_table_schemas: unsupported("tables are in the schema that the database's user has by default"),
  database_create_tables_at_setup: needless("tables that are missing are made when the store is first used"),

  task_publish_retry: needless("publishing is tried again until taskPublishDeadline, 5 s by default"),
  task_publish_retry_policy: unsupported("publishing is tried again until taskPublishDeadline"),
  task_remote_tracebacks: needless("tracebacks are text, which a TaskError has"),
  task_repr_maxlevels: unsupported("how deep arguments are shown to monitors is fixed"),

  worker_agent: unsupported("there is no agent; createWorker({ steps }) adds parts to a worker"),
  worker_autoscaler: unsupported("createWorker({ steps }) replaces the step `autoscaler`"),
  worker_consumer: unsupported("createWorker({ steps }) replaces parts of the worker"),
  worker_hijack_root_logger: needless("there is no logger that libraries share"),
  worker_log_color: needless("logs are never coloured"),
  worker_log_datefmt: LOG_FORM,
  worker_log_format: LOG_FORM,
  worker_task_log_datefmt: LOG_FORM,
  worker_task_log_format: LOG_FORM,
  worker_lost_wait: needless("that a process died is known at once, with what it had sent before"),
  worker_pool_putlocks: needless("a pool never takes more than it has room for"),
  worker_pool_start_method: needless("Node starts processes in one way"),
  worker_proc_alive_timeout: unsupported("a process may take as long as it needs to load the app"),
  worker_redirect_stdouts: unsupported("what tasks print goes to the worker's own output"),
  worker_redirect_stdouts_level: unsupported("what tasks print goes to the worker's own output"),
  worker_timer: needless("Node has one timer"),
  worker_timer_precision: needless("tasks with an ETA start on the millisecond"),
};

/** What becomes of a setting of Celery (`worker_timer`) that is none here; undefined for other names. */
export function absentSetting(name: string): AbsentSetting | undefined {
  if (Object.hasOwn(ABSENT, name)) return ABSENT[name];
  const store = Object.keys(ABSENT_STORES).find((prefix) => name.startsWith(prefix));
  return store === undefined
    ? undefined
    : unsupported(`there is no result store for ${ABSENT_STORES[store]}; see docs/backends`);
}

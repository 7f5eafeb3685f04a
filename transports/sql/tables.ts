/**
 * Kombu's tables, and ours beside them. Source: kombu/transport/sqlalchemy/models.py and the DDL that SQLAlchemy makes of it,
 * byte for byte, so that a file looks the same whoever made it.
 */
import { checkTableName, type SchemaObject, type SqlDialect } from "../../stores/sql/index.ts";

/** Table names, which need no quotes in any database. */
export interface TableNames {
  readonly queue: string;
  readonly message: string;
  /** One row for every message of `message` that we hold, or held before: who, since when, how often. */
  readonly claim: string;
  /** One row for every consumer of ours that lives. */
  readonly consumer: string;
  /** One row for every message that waits for its time. */
  readonly parked: string;
  /** Kombu keeps bindings in each process; ours are shared. */
  readonly binding: string;
}

/**
 * Kombu's options `queue_tablename` and `message_tablename` give the first two names; ours follow the second. Throws
 * ConfigurationError for names that would need quotes.
 */
export function tableNames(queue: unknown, message: unknown): TableNames {
  const messages = checkTableName(message, "broker_transport_options.messageTablename");
  const own = suffixOf(messages);
  return {
    queue: checkTableName(queue, "broker_transport_options.queueTablename"),
    message: messages,
    claim: `celerity_claim${own}`,
    consumer: `celerity_consumer${own}`,
    parked: `celerity_parked${own}`,
    binding: `celerity_binding${own}`,
  };
}

function suffixOf(message: string): string {
  return message === "kombu_message" ? "" : `_${message}`;
}

/** What differs between the dialects in the statements of this transport. */
export interface DialectWords {
  /** Kombu's test for a message that waits; SQLite's must be spelled as in the index to use it. */
  readonly visible: string;
  /** How a picked row is kept from others until the commit; SQLite's transactions exclude each other anyway. */
  readonly lock: string;
  /** Column and value of a new message's id: SQLAlchemy fetches it from a sequence where there are sequences. */
  readonly idColumn: string;
  readonly queueId: string;
  readonly messageId: string;
}

export const WORDS: Readonly<Record<SqlDialect, DialectWords>> = {
  sqlite: { visible: "visible != 0", lock: "", idColumn: "", queueId: "", messageId: "" },
  postgresql: {
    visible: "visible != false",
    lock: "FOR UPDATE SKIP LOCKED",
    idColumn: "id, ",
    queueId: "nextval('queue_id_sequence'), ",
    messageId: "nextval('message_id_sequence'), ",
  },
};

/** Everything the transport needs, in the order of creation. */
export function schemaOf(dialect: SqlDialect, names: TableNames): readonly SchemaObject[] {
  return [
    ...(dialect === "sqlite" ? sqliteTables(names) : postgresTables(names)),
    ...ownTables(dialect, names),
  ];
}

function sqliteTables({ queue, message }: TableNames): readonly SchemaObject[] {
  return [
    table(
      queue,
      "\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \n\tname VARCHAR(200), \n\tUNIQUE (name)\n",
    ),
    table(
      message,
      `\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \n\tvisible BOOLEAN, \n\ttimestamp DATETIME, \n\tpayload TEXT NOT NULL, \n\tversion SMALLINT NOT NULL, \n\tqueue_id INTEGER, \n\tCONSTRAINT "FK_kombu_message_queue" FOREIGN KEY(queue_id) REFERENCES ${queue} (id)\n`,
    ),
    ...messageIndexes(message),
  ];
}

function postgresTables({ queue, message }: TableNames): readonly SchemaObject[] {
  return [
    sequence("queue_id_sequence"),
    table(queue, "\n\tid INTEGER NOT NULL, \n\tname VARCHAR(200), \n\tPRIMARY KEY (id), \n\tUNIQUE (name)\n"),
    sequence("message_id_sequence"),
    table(
      message,
      `\n\tid INTEGER NOT NULL, \n\tvisible BOOLEAN, \n\ttimestamp TIMESTAMP WITHOUT TIME ZONE, \n\tpayload TEXT NOT NULL, \n\tversion SMALLINT NOT NULL, \n\tqueue_id INTEGER, \n\tPRIMARY KEY (id), \n\tCONSTRAINT "FK_kombu_message_queue" FOREIGN KEY(queue_id) REFERENCES ${queue} (id)\n`,
    ),
    ...messageIndexes(message),
  ];
}

function messageIndexes(message: string): readonly SchemaObject[] {
  return [
    index(`ix_${message}_visible`, `${message} (visible)`, message),
    index(`ix_${message}_timestamp`, `${message} (timestamp)`, message),
    index("ix_kombu_message_timestamp_id", `${message} (timestamp, id)`, message),
  ];
}

function ownTables(dialect: SqlDialect, names: TableNames): readonly SchemaObject[] {
  return [
    // Kombu has no index by queue, and delivered rows stay in its table: this one holds the waiting rows only.
    index(
      `ix_celerity_waiting${suffixOf(names.message)}`,
      `${names.message} (queue_id, timestamp, id) WHERE ${WORDS[dialect].visible}`,
    ),
    table(
      names.claim,
      "message_id INTEGER NOT NULL PRIMARY KEY, consumer VARCHAR(36), claimed_at BIGINT NOT NULL, deliveries INTEGER NOT NULL",
    ),
    table(
      names.consumer,
      "id VARCHAR(36) NOT NULL PRIMARY KEY, renewed_at BIGINT NOT NULL, lease_ms BIGINT NOT NULL",
    ),
    table(
      names.parked,
      "message_id INTEGER NOT NULL PRIMARY KEY, queue_id INTEGER NOT NULL, due_at BIGINT NOT NULL, deliveries INTEGER NOT NULL",
    ),
    index(`ix_celerity_due${suffixOf(names.message)}`, `${names.parked} (queue_id, due_at)`),
    table(
      names.binding,
      "exchange TEXT NOT NULL, routing_key TEXT NOT NULL, pattern TEXT NOT NULL, queue TEXT NOT NULL, PRIMARY KEY (exchange, routing_key, pattern, queue)",
    ),
  ];
}

function table(name: string, columns: string): SchemaObject {
  return { name, ddl: `CREATE TABLE IF NOT EXISTS ${name} (${columns})` };
}

function index(name: string, on: string, partOf?: string): SchemaObject {
  const ddl = `CREATE INDEX IF NOT EXISTS ${name} ON ${on}`;
  return partOf === undefined ? { name, ddl } : { name, ddl, partOf };
}

function sequence(name: string): SchemaObject {
  return { name, ddl: `CREATE SEQUENCE IF NOT EXISTS ${name}` };
}

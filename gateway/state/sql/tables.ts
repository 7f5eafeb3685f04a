/** The tables of a gateway's state. Their names are the gateway's own, so that they can lie beside Celery's. */
import type { SchemaObject, SqlDialect } from "../../../stores/sql/index.ts";

export const RECORDS = "celerity_gateway_records";
export const AGENDA = "celerity_gateway_agenda";
export const TOPICS = "celerity_gateway_topics";
export const FEED = "celerity_gateway_feed";
export const COUNTERS = "celerity_gateway_counters";

/** Longest kind or topic, and longest key or id. */
const NAME = "VARCHAR(64)";
/** PostgreSQL otherwise sorts as people do; SQLite sorts by code points anyway. */
const KEY: Readonly<Record<SqlDialect, string>> = {
  sqlite: "VARCHAR(512)",
  postgresql: 'VARCHAR(512) COLLATE "C"',
};

export function stateTables(dialect: SqlDialect): readonly SchemaObject[] {
  const key = KEY[dialect];
  return [
    {
      name: RECORDS,
      ddl: `CREATE TABLE ${RECORDS} (kind ${NAME} NOT NULL, id ${key} NOT NULL, value TEXT NOT NULL,
        version BIGINT NOT NULL, expires_at BIGINT, PRIMARY KEY (kind, id))`,
    },
    {
      name: `${RECORDS}_expiry`,
      ddl: `CREATE INDEX ${RECORDS}_expiry ON ${RECORDS} (expires_at) WHERE expires_at IS NOT NULL`,
    },
    {
      name: AGENDA,
      ddl: `CREATE TABLE ${AGENDA} (topic ${NAME} NOT NULL, id ${key} NOT NULL, due_at BIGINT NOT NULL,
        value TEXT NOT NULL, claim VARCHAR(36), PRIMARY KEY (topic, id))`,
    },
    { name: `${AGENDA}_due`, ddl: `CREATE INDEX ${AGENDA}_due ON ${AGENDA} (topic, due_at)` },
    {
      name: TOPICS,
      ddl: `CREATE TABLE ${TOPICS} (topic ${key} NOT NULL PRIMARY KEY, newest BIGINT NOT NULL)`,
    },
    {
      name: FEED,
      ddl: `CREATE TABLE ${FEED} (topic ${key} NOT NULL, id BIGINT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (topic, id))`,
    },
    {
      name: COUNTERS,
      ddl: `CREATE TABLE ${COUNTERS} (id ${key} NOT NULL PRIMARY KEY, taken BIGINT NOT NULL, ends_at BIGINT NOT NULL)`,
    },
    { name: `${COUNTERS}_end`, ddl: `CREATE INDEX ${COUNTERS}_end ON ${COUNTERS} (ends_at)` },
  ];
}

/**
 * Celery's result tables. Source: celery/backends/database/models.py of 5.7 and the DDL that SQLAlchemy makes of it, byte
 * for byte, so that a file looks the same whoever made it.
 */
import type { LateColumn, SchemaObject, SqlDialect } from "../../stores/sql/index.ts";

/** Celery's `database_table_names`. */
export interface ResultTableNames {
  readonly task: string;
  readonly group: string;
}

const BYTES: Readonly<Record<SqlDialect, string>> = { sqlite: "BLOB", postgresql: "BYTEA" };
const TIME: Readonly<Record<SqlDialect, string>> = {
  sqlite: "DATETIME",
  postgresql: "TIMESTAMP WITHOUT TIME ZONE",
};

/** Columns that came with later versions, or that a version makes only with result_extended; in Celery's order. */
export function lateColumns(dialect: SqlDialect): readonly LateColumn[] {
  const bytes = BYTES[dialect];
  return [
    { name: "children", type: bytes },
    { name: "name", type: "VARCHAR(155)" },
    { name: "args", type: bytes },
    { name: "kwargs", type: bytes },
    { name: "worker", type: "VARCHAR(155)" },
    { name: "retries", type: "INTEGER" },
    { name: "queue", type: "VARCHAR(155)" },
    { name: "stamps", type: bytes },
  ];
}

/** Both tables and their indexes, in the order of creation. */
export function resultSchema(
  dialect: SqlDialect,
  { task, group }: ResultTableNames,
): readonly SchemaObject[] {
  const late = lateColumns(dialect).map(({ name, type }) => `${name} ${type}`);
  const time = TIME[dialect];
  const bytes = BYTES[dialect];
  return [
    ...table(dialect, task, "task_id_sequence", "task_id", [
      "task_id VARCHAR(155)",
      "status VARCHAR(50)",
      `result ${bytes}`,
      `date_done ${time}`,
      "traceback TEXT",
      ...late,
    ]),
    ...table(dialect, group, "taskset_id_sequence", "taskset_id", [
      "taskset_id VARCHAR(155)",
      `result ${bytes}`,
      `date_done ${time}`,
    ]),
  ];
}

function table(
  dialect: SqlDialect,
  name: string,
  sequence: string,
  unique: string,
  columns: readonly string[],
): readonly SchemaObject[] {
  const sqlite = dialect === "sqlite";
  const lines = [
    sqlite ? "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT" : "id INTEGER NOT NULL",
    ...columns,
    ...(sqlite ? [] : ["PRIMARY KEY (id)"]),
    `UNIQUE (${unique})`,
  ];
  const index = `ix_${name}_date_done`;
  return [
    ...(sqlite ? [] : [{ name: sequence, ddl: `CREATE SEQUENCE IF NOT EXISTS ${sequence}` }]),
    { name, ddl: `CREATE TABLE IF NOT EXISTS ${name} (\n\t${lines.join(", \n\t")}\n)` },
    { name: index, ddl: `CREATE INDEX IF NOT EXISTS ${index} ON ${name} (date_done)`, partOf: name },
  ];
}

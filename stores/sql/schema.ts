/** Tables that may be there already, made by Python or by an older version. */
import { ConfigurationError } from "../../protocol/errors.ts";
import type { SqlDatabase, SqlDialect, SqlExecutor } from "./database.ts";
import { isDuplicateObject } from "./errors.ts";
import { inList } from "./sql-text.ts";

/** A table, index or sequence, and the statement that makes it when it is not there. */
export interface SchemaObject {
  readonly name: string;
  readonly ddl: string;
  /** A table; when that was there already, this belongs to whoever made it and is not added. */
  readonly partOf?: string;
}

/** A nullable column that older versions of a table lack. */
export interface LateColumn {
  readonly name: string;
  readonly type: string;
}

const EXISTING: Readonly<Record<SqlDialect, string>> = {
  sqlite: "SELECT name FROM sqlite_master WHERE name IN",
  postgresql: "SELECT relname AS name FROM pg_class WHERE pg_table_is_visible(oid) AND relname IN",
};

const COLUMNS: Readonly<Record<SqlDialect, string>> = {
  sqlite: "SELECT name FROM pragma_table_info(?)",
  postgresql: `SELECT attname AS name FROM pg_attribute
    WHERE attrelid = (SELECT oid FROM pg_class WHERE relname = ? AND pg_table_is_visible(oid)) AND NOT attisdropped`,
};

/** Lower-case, so that no database folds it, and short enough to be part of other names. */
const TABLE_NAME = /^[a-z_][a-z0-9_]{0,39}$/;

/** A table name that needs no quotes. Throws ConfigurationError, naming the setting, for any other. */
export function checkTableName(name: unknown, setting: string): string {
  if (typeof name === "string" && TABLE_NAME.test(name)) return name;
  throw new ConfigurationError(
    `${setting} must be a table name of at most 40 lower-case letters, digits and "_".`,
  );
}

/** Others create the same tables at the same time: as often as this, look again. */
const ATTEMPTS = 5;

/** Creates what is missing, in the given order, in one transaction. Only looks when nothing is. */
export async function createMissing(db: SqlDatabase, objects: readonly SchemaObject[]): Promise<void> {
  await againstRaces(async () => {
    const { text, params } = inList(objects.map((object) => object.name));
    const rows = await db.all<{ name: string }>(`${EXISTING[db.dialect]} ${text}`, params);
    const existing = new Set(rows.map((row) => row.name));
    const missing = objects.filter(({ name, partOf = "" }) => !existing.has(name) && !existing.has(partOf));
    if (missing.length === 0) return;
    await db.transaction(async (tx) => {
      for (const { ddl } of missing) await tx.run(ddl);
    });
  });
}

/** Adds the columns that the table lacks. */
export async function addMissingColumns(
  db: SqlDatabase,
  table: string,
  columns: readonly LateColumn[],
): Promise<void> {
  const missingFrom = async (executor: SqlExecutor): Promise<readonly LateColumn[]> => {
    const rows = await executor.all<{ name: string }>(COLUMNS[db.dialect], [table]);
    const existing = new Set(rows.map((row) => row.name));
    return columns.filter((column) => !existing.has(column.name));
  };
  if ((await missingFrom(db)).length === 0) return;
  await againstRaces(() =>
    db.transaction(async (tx) => {
      for (const { name, type } of await missingFrom(tx))
        await tx.run(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`);
    }),
  );
}

async function againstRaces(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !isDuplicateObject(error)) throw error;
    }
  }
}

/** Opens a database for somebody who has tables of his own in it. */
import { BackendError, CelerityError, toError } from "../../protocol/index.ts";
import type { OpenSqlOptions, SqlDatabase, SqlDialect } from "./database.ts";
import { openSql } from "./open.ts";
import { createMissing, type SchemaObject } from "./schema.ts";

/** Like {@link openSql}; what is missing of the tables is created, and nothing stays open when that fails. */
export async function openTables(
  url: string,
  tables: (dialect: SqlDialect) => readonly SchemaObject[],
  options: OpenSqlOptions = {},
): Promise<SqlDatabase> {
  const db = await openSql(url, options);
  try {
    await createMissing(db, tables(db.dialect));
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Runs work on a database; a driver's error becomes BackendError `backend_unavailable`. */
export type BackendErrors = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** `what` begins the message: "The nonces" cannot be reached. */
export function backendErrorsOf(what: string): BackendErrors {
  return async (work) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CelerityError) throw error;
      const { message } = toError(error);
      throw new BackendError("backend_unavailable", `${what} cannot be reached: ${message}`, {
        cause: error,
      });
    }
  };
}

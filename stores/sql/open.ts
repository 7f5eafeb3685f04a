/** Opens databases, one connection (or pool) each in a process, so that its users wait for each other without locks. */
import type { OpenSqlOptions, SqlDatabase } from "./database.ts";
import { openPostgres } from "./postgresql.ts";
import { parseSqlUrl, type SqlTarget } from "./sql-url.ts";
import { openSqlite } from "./sqlite.ts";

interface Shared {
  readonly database: Promise<SqlDatabase>;
  holders: number;
}

const open = new Map<string, Shared>();

/**
 * Opens a database by SQLAlchemy's URL. All holders of one database share the connection; the first one's options count.
 * Throws ConfigurationError for a bad URL, CelerityError `missing_package` without a driver, and the driver's error when
 * the database cannot be reached.
 */
export async function openSql(url: string, options: OpenSqlOptions = {}): Promise<SqlDatabase> {
  const target = parseSqlUrl(url);
  const shared = open.get(target.place) ?? share(target, options);
  shared.holders += 1;
  try {
    return hold(target.place, shared, await shared.database);
  } catch (error) {
    if (open.get(target.place) === shared) open.delete(target.place);
    throw error;
  }
}

function share(target: SqlTarget, options: OpenSqlOptions): Shared {
  const opener = target.dialect === "sqlite" ? openSqlite : openPostgres;
  const shared = { database: opener(target.place, options), holders: 0 };
  open.set(target.place, shared);
  return shared;
}

function hold(place: string, shared: Shared, database: SqlDatabase): SqlDatabase {
  let held = true;
  return {
    dialect: database.dialect,
    hearsEverything: database.hearsEverything,
    all: (sql, params) => database.all(sql, params),
    run: (sql, params) => database.run(sql, params),
    transaction: (work, options) => database.transaction(work, options),
    watch: (listener) => database.watch(listener),
    async close() {
      if (!held) return;
      held = false;
      shared.holders -= 1;
      if (shared.holders > 0) return;
      if (open.get(place) === shared) open.delete(place);
      await database.close();
    },
  };
}

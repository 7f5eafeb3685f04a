/**
 * The SQLite drivers behind one synchronous interface. All three lock like Python's sqlite3; drivers that lock by their own
 * means (WebAssembly builds) must never be added, they would corrupt a file that Python shares.
 */
import { createRequire } from "node:module";
import { CelerityError } from "../../protocol/errors.ts";
import type { SqliteEngineName, SqlValue } from "./database.ts";

/** One open SQLite connection. Calls block; errors are the driver's. */
export interface SqliteEngine {
  readonly name: SqliteEngineName;
  all(sql: string, params: readonly SqlValue[]): readonly object[];
  run(sql: string, params: readonly SqlValue[]): number;
  close(): void;
}

interface Statement {
  all(...params: unknown[]): object[];
  run(...params: unknown[]): { readonly changes: number | bigint };
}

interface Connection {
  prepare(sql: string): Statement;
  close(): void;
}

type ConnectionClass = new (path: string) => Connection;

const require = createRequire(import.meta.url);

/** In order of preference: what comes with Node first, then the fastest, then what installs everywhere without a compiler. */
const LOADERS: Readonly<Record<SqliteEngineName, () => ConnectionClass | undefined>> = {
  "node:sqlite": () => {
    const builtin: { DatabaseSync?: ConnectionClass } | undefined = process.getBuiltinModule("node:sqlite");
    return builtin?.DatabaseSync;
  },
  "better-sqlite3": () => {
    const installed: { version: string } | undefined = tryRequire("better-sqlite3/package.json");
    const [major = 0] = (installed?.version ?? "").split(".").map(Number);
    const [nodeMajor = 0] = process.versions.node.split(".").map(Number);
    // Version 13 needs Node 22 and crashes the process on older ones.
    return installed === undefined || (major >= 13 && nodeMajor < 22)
      ? undefined
      : tryRequire("better-sqlite3");
  },
  libsql: () => tryRequire("libsql"),
};

/**
 * Opens a file with the named driver, or with the first that is there. Throws CelerityError `missing_package` when there
 * is none.
 */
export function openSqliteEngine(path: string, name?: SqliteEngineName): SqliteEngine {
  const names = name === undefined ? (Object.keys(LOADERS) as SqliteEngineName[]) : [name];
  for (const candidate of names) {
    const Connection = LOADERS[candidate]();
    if (Connection !== undefined) return createEngine(candidate, new Connection(path));
  }
  throw new CelerityError(
    "missing_package",
    `No SQLite driver (${names.join(", ")}) is there. Run: npm install libsql (Node 22.13 and newer need none).`,
  );
}

function tryRequire<Module>(name: string): Module | undefined {
  try {
    return require(name) as Module;
  } catch {
    // Not installed, or its native part was built for another platform or Node: the next driver may do.
    return undefined;
  }
}

/** Compiled statements kept for use again. Texts are few: lists of values come in powers of two. */
const MAX_STATEMENTS = 200;

function createEngine(name: SqliteEngineName, connection: Connection): SqliteEngine {
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    const statement = connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  // node:sqlite takes values one by one. The others take an array too, and must: a lone Buffer would count as named parameters.
  const spread = name === "node:sqlite";
  const bind = (params: readonly SqlValue[]): unknown[] => {
    const values = params.map(toSqlite);
    return spread ? values : [values];
  };
  return {
    name,
    all(sql, params) {
      const rows = prepared(sql).all(...bind(params));
      if (name === "libsql") rows.forEach(fixBlobs);
      return rows;
    },
    run: (sql, params) => Number(prepared(sql).run(...bind(params)).changes),
    close() {
      statements.clear();
      connection.close();
    },
  };
}

function toSqlite(value: SqlValue): string | number | bigint | Uint8Array | null {
  // libsql ends the process when it is given a boolean.
  return typeof value === "boolean" ? Number(value) : value;
}

/** libsql hands blobs out as ArrayBuffer. */
function fixBlobs(row: object): void {
  for (const [column, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) Object.assign(row, { [column]: new Uint8Array(value) });
  }
}

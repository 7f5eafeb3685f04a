/** SQLAlchemy's database URLs. Source: sqlalchemy/engine/url.py and dialects/sqlite/pysqlite.py. */
import { resolve } from "node:path";
import { ConfigurationError } from "../../protocol/errors.ts";
import type { SqlDialect } from "./database.ts";

/** Where a database is. Two URLs with the same `place` share one connection in a process. */
export interface SqlTarget {
  readonly dialect: SqlDialect;
  /** Absolute file path or `:memory:` for SQLite, a `postgresql://` URL for PostgreSQL. */
  readonly place: string;
}

const URL_PARTS = /^([a-z0-9]+)(?:\+[a-z0-9_]+)?:\/\/(.*)$/is;

/**
 * Reads `sqlite:///relative`, `sqlite:////absolute`, `sqlite://` (in memory) and `postgresql://user:password@host/name`;
 * a Python driver in the scheme (`postgresql+psycopg2`) is ignored. Throws ConfigurationError for anything else.
 */
export function parseSqlUrl(url: string): SqlTarget {
  const [, scheme = "", rest = ""] = URL_PARTS.exec(url) ?? [];
  switch (scheme.toLowerCase()) {
    case "sqlite":
      return { dialect: "sqlite", place: sqlitePlace(rest) };
    case "postgresql":
    case "postgres":
      return { dialect: "postgresql", place: `postgresql://${rest}` };
    default:
      throw new ConfigurationError(
        `"${scheme || "?"}" is not a database this version knows; write sqlite:///file or postgresql://user:password@host/name.`,
      );
  }
}

function sqlitePlace(rest: string): string {
  const [path = ""] = rest.split("?");
  if (path === "" || path === "/" || path === "/:memory:") return ":memory:";
  if (!path.startsWith("/")) {
    throw new ConfigurationError(
      `sqlite://${path} has no path; write sqlite:///${path} for a relative path, sqlite:////${path} for an absolute one.`,
    );
  }
  if (path.startsWith("/file:")) {
    throw new ConfigurationError("SQLite's file: URIs are not supported; write sqlite:///path.");
  }
  return resolve(path.slice(1));
}

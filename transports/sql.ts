/**
 * Kombu's SQLAlchemy transport: queues as tables of a SQLite file or a PostgreSQL database, shared with Python producers and
 * workers. `sqla+sqlite:///file`, `sqla+postgresql://user:password@host/name`, also `sqlalchemy+...` and plain `sqlite:///file`.
 */
import { ConfigurationError } from "../protocol/index.ts";
import { openTables } from "../stores/sql/index.ts";
import { LEASE_MS } from "./sql/lease.ts";
import { SQL_CAPABILITIES, SqlStore, toBrokerError } from "./sql/sql-store.ts";
import { schemaOf, type TableNames, tableNames } from "./sql/tables.ts";
import type { Transport, TransportFactory, TransportOptions } from "./transport.ts";
import { createVirtualTransport } from "./virtual.ts";

/** How often a waiting consumer looks for messages of Python producers, where the database does not tell. */
const POLLING_INTERVAL_MS = 200;

/**
 * Options (`broker_transport_options`): kombu's `queueTablename` and `messageTablename`; ours are `journalMode` (`wal` or
 * `keep`, SQLite), `pollingIntervalMs` (200) and `leaseMs` (15 000). Others, meant for SQLAlchemy's create_engine(), are ignored.
 */
const createSqlTransport: TransportFactory = (options: TransportOptions): Transport => {
  const settings = readOptions(options.transportOptions);
  return createVirtualTransport({
    name: "sql",
    capabilities: SQL_CAPABILITIES,
    open: ({ timeoutMs }) => openStore(options, settings, timeoutMs),
    onWarning: options.onWarning,
  });
};

export default createSqlTransport;

/** The store under the transport, made from the same options. Rejects with BrokerError `broker_unavailable`. */
export async function openSqlStore(options: TransportOptions, timeoutMs = 5000): Promise<SqlStore> {
  return openStore(options, readOptions(options.transportOptions), timeoutMs);
}

interface Settings {
  readonly names: TableNames;
  readonly journalMode: "wal" | "keep";
  readonly pollingIntervalMs: number;
  readonly leaseMs: number;
}

async function openStore(
  { url, onWarning }: TransportOptions,
  { names, journalMode, pollingIntervalMs, leaseMs }: Settings,
  timeoutMs: number,
): Promise<SqlStore> {
  try {
    const place = url.replace(/^(sqla|sqlalchemy)\+/i, "");
    const db = await openTables(place, (dialect) => schemaOf(dialect, names), { timeoutMs, journalMode });
    return new SqlStore({ db, names, leaseMs, pollingIntervalMs, onWarning });
  } catch (error) {
    throw toBrokerError(error);
  }
}

/** Throws ConfigurationError for what cannot be used. */
function readOptions(options: Readonly<Record<string, unknown>>): Settings {
  return {
    names: tableNames(
      options["queueTablename"] ?? "kombu_queue",
      options["messageTablename"] ?? "kombu_message",
    ),
    journalMode: options["journalMode"] === "keep" ? "keep" : "wal",
    pollingIntervalMs: duration(options, "pollingIntervalMs", POLLING_INTERVAL_MS),
    leaseMs: duration(options, "leaseMs", LEASE_MS),
  };
}

function duration(options: Readonly<Record<string, unknown>>, name: string, byDefault: number): number {
  const value = options[name] ?? byDefault;
  if (typeof value === "number" && value > 0) return value;
  throw new ConfigurationError(`broker_transport_options.${name} must be a number of milliseconds above 0.`);
}

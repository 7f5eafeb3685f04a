/** PostgreSQL through `pg`: a small pool, and one connection that listens. */
import type { Client, Pool, PoolClient, PoolConfig } from "pg";
import { CelerityError } from "../../protocol/errors.ts";
import type {
  ChangeListener,
  OpenSqlOptions,
  SqlDatabase,
  SqlTransaction,
  SqlTransactionOptions,
  SqlValue,
} from "./database.ts";
import { isTransient } from "./errors.ts";

type Pg = typeof import("pg")["default"];

const MAX_CONNECTIONS = 4;
const DEFAULT_TIMEOUT_MS = 5000;
/** Longest a statement may take before its connection counts as dead. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** Wait before listening again after the connection was lost. */
const RELISTEN_MS = 1000;
/** The channel of NOTIFY; the payload is a topic. */
const CHANNEL = "celerity";

/** Types that are read otherwise than pg does: by the ids of pg_type. */
const INT8 = 20;
const TIMESTAMP = 1114;

/** Opens a pool, and makes sure that the server answers. */
export async function openPostgres(url: string, options: OpenSqlOptions): Promise<SqlDatabase> {
  const pg = await loadPg();
  const database = new PostgresDatabase(pg, {
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "celerity",
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") => {
        // Times without zone stay text: pg would read them in this process's zone. Our 64-bit numbers are small.
        if (oid === TIMESTAMP) return (text: string) => text;
        if (oid === INT8) return Number;
        return pg.types.getTypeParser(oid, format ?? "text");
      },
    },
  });
  try {
    await database.all("SELECT 1");
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

async function loadPg(): Promise<Pg> {
  try {
    return (await import("pg")).default;
  } catch (error) {
    throw new CelerityError("missing_package", "PostgreSQL needs the package pg. Run: npm install pg", {
      cause: error,
    });
  }
}

class PostgresDatabase implements SqlDatabase {
  readonly dialect = "postgresql";
  readonly hearsEverything = false;
  readonly #pg: Pg;
  readonly #config: PoolConfig;
  readonly #pool: Pool;
  readonly #listeners = new Set<ChangeListener>();
  #listening: Promise<Client> | undefined;
  #relisten: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(pg: Pg, config: PoolConfig) {
    this.#pg = pg;
    this.#config = config;
    this.#pool = new pg.Pool(config);
    // An idle connection that dies leaves the pool by itself; the next call gets a new one.
    this.#pool.on("error", ignore);
    // One that is on its way from one call to the next has no listener of the pool's, and its end would end the process.
    this.#pool.on("connect", (client) => client.on("error", ignore));
  }

  async all<Row extends object>(sql: string, params: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return (await this.#pool.query<Row>(numbered(sql), [...params])).rows;
  }

  async run(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return (await this.#pool.query(numbered(sql), [...params])).rowCount ?? 0;
  }

  async transaction<Result>(
    work: (tx: SqlTransaction) => Promise<Result>,
    { durable = true }: SqlTransactionOptions = {},
  ): Promise<Result> {
    const client = await this.#pool.connect();
    let broken = false;
    try {
      await client.query(durable ? "BEGIN" : "BEGIN; SET LOCAL synchronous_commit = off");
      const result = await work(transactionOf(client));
      await client.query("COMMIT");
      return result;
    } catch (error) {
      // A connection that is lost or hangs is thrown away, and the server rolls back.
      broken =
        isTransient(error) ||
        !(await client.query("ROLLBACK").then(
          () => true,
          () => false,
        ));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  watch(listener: ChangeListener): () => void {
    const watcher: ChangeListener = (topic) => listener(topic);
    this.#listeners.add(watcher);
    this.#listening ??= this.#listen();
    return () => this.#listeners.delete(watcher);
  }

  /** Hears announcements from all processes; while it cannot, readers find out by looking. */
  async #listen(): Promise<Client> {
    const client = new this.#pg.Client(this.#config);
    const lost = (): void => {
      if (this.#closed || this.#relisten !== undefined) return;
      this.#relisten = setTimeout(() => {
        this.#relisten = undefined;
        this.#listening = this.#closed ? undefined : this.#listen();
      }, RELISTEN_MS);
    };
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ payload }) => {
      for (const listener of [...this.#listeners]) listener(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch {
      lost();
    }
    return client;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#relisten);
    this.#listeners.clear();
    const client = await this.#listening;
    await client?.end().catch(() => undefined);
    await this.#pool.end();
  }
}

function ignore(): void {}

function transactionOf(client: PoolClient): SqlTransaction {
  return {
    all: async <Row extends object>(sql: string, params: readonly SqlValue[] = []) =>
      (await client.query<Row>(numbered(sql), [...params])).rows,
    run: async (sql, params = []) => (await client.query(numbered(sql), [...params])).rowCount ?? 0,
    announce: async (topics) => {
      // PostgreSQL itself holds a notification back until the commit.
      await client.query("SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic", [CHANNEL, topics]);
    },
  };
}

const numberedTexts = new Map<string, string>();
const MAX_TEXTS = 500;

/** `?` to `$1`, `$2`... No text of ours has a question mark that is not a placeholder. */
function numbered(sql: string): string {
  const known = numberedTexts.get(sql);
  if (known !== undefined) return known;
  let count = 0;
  const text = sql.replace(/\?/g, () => `$${++count}`);
  if (numberedTexts.size >= MAX_TEXTS) numberedTexts.clear();
  numberedTexts.set(sql, text);
  return text;
}

/** Nonces in a SQL database: a row each, removed some time after it has expired. */
import {
  backendErrorsOf,
  inList,
  openTables,
  powerSlices,
  repeat,
  type SchemaObject,
  type SqlDatabase,
} from "../../../stores/sql/index.ts";
import {
  NONCE_DONE,
  type NonceClaim,
  type NonceStore,
  nonceStartedBy,
  nonceStateOf,
} from "../nonce-store.ts";

const TABLE = "celerity_nonce";
const asBackendError = backendErrorsOf("The nonces");
const SCHEMA: readonly SchemaObject[] = [
  {
    name: TABLE,
    ddl: `CREATE TABLE IF NOT EXISTS ${TABLE} (
      name VARCHAR(330) NOT NULL PRIMARY KEY, state VARCHAR(40) NOT NULL, expires_at BIGINT NOT NULL)`,
  },
  {
    name: `ix_${TABLE}_expires_at`,
    ddl: `CREATE INDEX IF NOT EXISTS ix_${TABLE}_expires_at ON ${TABLE} (expires_at)`,
    partOf: TABLE,
  },
];

/** Rows in one statement; a power of two. */
const MAX_ROWS = 128;
/** How often expired rows are removed, and how many at a time. */
const CLEAN_EVERY_MS = 60_000;
const MAX_REMOVED = 1000;

type State = Readonly<Record<"name" | "state", string>>;

/** Opens the database on first use; `url` is SQLAlchemy's. */
export function createSqlNonceStore({ url }: { readonly url: string }): NonceStore {
  let opening: Promise<SqlDatabase> | undefined;
  let cleanedAtMs = Date.now();

  const database = (): Promise<SqlDatabase> => {
    opening ??= openTables(url, () => SCHEMA).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  /** `conflict` says what becomes of a row that is there. */
  const insert = async (
    claims: readonly NonceClaim[],
    state: (claim: NonceClaim) => string,
    conflict: string,
  ) => {
    const db = await database();
    // Each name once, or PostgreSQL refuses the statement; in one order everywhere, so that no two workers wait for each other.
    const unique = new Map(claims.map((claim) => [claim.name, claim]));
    for (const slice of powerSlices([...unique.values()].sort(byName), MAX_ROWS)) {
      await db.run(
        `INSERT INTO ${TABLE} (name, state, expires_at) VALUES ${repeat("(?, ?, ?)", slice.length)} ON CONFLICT (name) ${conflict}`,
        slice.flatMap((claim) => [claim.name, state(claim), Math.ceil(claim.expiresAtMs)]),
      );
    }
    return db;
  };

  const clean = async (db: SqlDatabase): Promise<void> => {
    const nowMs = Date.now();
    if (nowMs - cleanedAtMs < CLEAN_EVERY_MS) return;
    cleanedAtMs = nowMs;
    await db.run(
      `DELETE FROM ${TABLE} WHERE name IN (SELECT name FROM ${TABLE} WHERE expires_at < ? LIMIT ${MAX_REMOVED})`,
      [nowMs],
    );
  };

  return {
    name: "sql",
    claim: (claims) =>
      asBackendError(async () => {
        const db = await insert(claims, nonceStartedBy, "DO NOTHING");
        const states = new Map<string, string>();
        for (const slice of powerSlices(claims, MAX_ROWS)) {
          const { text, params } = inList(slice.map(({ name }) => name));
          const rows = await db.all<State>(`SELECT name, state FROM ${TABLE} WHERE name IN ${text}`, params);
          for (const row of rows) states.set(row.name, row.state);
        }
        await clean(db);
        return claims.map((claim) => nonceStateOf(states.get(claim.name) ?? "", claim));
      }),
    done: (claims) =>
      asBackendError(async () => {
        await insert(
          claims,
          () => NONCE_DONE,
          "DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at",
        );
      }),
    release: (claims) =>
      asBackendError(async () => {
        const db = await database();
        for (const slice of powerSlices(claims, MAX_ROWS)) {
          const { text, params } = inList(slice.map(({ name }) => name));
          await db.run(`DELETE FROM ${TABLE} WHERE name IN ${text}`, params);
        }
      }),
    async close() {
      const db = await opening?.catch(() => undefined);
      await db?.close();
    },
  };
}

function byName(one: NonceClaim, other: NonceClaim): number {
  return one.name < other.name ? -1 : 1;
}

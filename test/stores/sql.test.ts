import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  addMissingColumns,
  createMissing,
  inList,
  isBadData,
  isDuplicateObject,
  isTransient,
  type OpenSqlOptions,
  openSql,
  parseSqlUrl,
  powerSlices,
  repeat,
  type SqlDatabase,
  type SqliteEngineName,
} from "../../stores/sql/index.ts";
import { openSqliteEngine } from "../../stores/sql/sqlite-engines.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { postgresUrl, sqliteFile, startPostgres, temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";

const engines = (["node:sqlite", "better-sqlite3", "libsql"] as const).filter((name) => {
  try {
    openSqliteEngine(":memory:", name).close();
    return true;
  } catch {
    return false;
  }
});

interface Place {
  readonly url: string;
  readonly options: OpenSqlOptions;
}

type PlaceMaker = () => Promise<Place>;

const places: [string, PlaceMaker][] = [
  ...engines.map((engine): [string, PlaceMaker] => [
    engine,
    async () => ({ url: `sqlite:///${await sqliteFile()}`, options: { engine } }),
  ]),
  ["PostgreSQL", async () => ({ url: await postgresUrl(), options: {} })],
];

async function opened({ url, options }: Place): Promise<SqlDatabase> {
  const db = await openSql(url, options);
  cleanUp(() => db.close());
  return db;
}

async function openedAt(url: string): Promise<SqlDatabase> {
  return opened({ url, options: {} });
}

/** A second connection, as another process has one: openSql() would share the first. */
function foreignEngine(
  url: string,
  engine: SqliteEngineName | undefined,
): ReturnType<typeof openSqliteEngine> {
  const foreign = openSqliteEngine(parseSqlUrl(url).place, engine);
  cleanUp(async () => foreign.close());
  return foreign;
}

test("at least one SQLite driver is there", () => {
  expect(engines).not.toEqual([]);
});

describe.each(places)("%s", (name, place) => {
  const binary = name === "PostgreSQL" ? "BYTEA" : "BLOB";

  test("keeps values", async () => {
    const db = await opened(await place());
    await db.run(`CREATE TABLE kept (n INTEGER, b ${binary}, s TEXT, f BOOLEAN, big BIGINT)`);
    const bytes = Buffer.from("..\u0000bytes").subarray(2);
    const text = `it's "quoted" ; DROP TABLE kept; -- ${"é😀".repeat(50)}`;
    expect(await db.run("INSERT INTO kept VALUES (?, ?, ?, ?, ?)", [7, bytes, text, true, 2 ** 45])).toBe(1);
    expect(await db.run("INSERT INTO kept VALUES (?, ?, ?, ?, ?)", [null, null, null, null, null])).toBe(1);
    const rows = await db.all<{ n: number; b: Uint8Array; s: string; big: number }>(
      "SELECT n, b, s, big FROM kept WHERE f",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ n: 7, s: text, big: 2 ** 45 });
    expect(rows[0]?.b).toBeInstanceOf(Uint8Array);
    expect(Buffer.from(rows[0]?.b ?? [])).toEqual(bytes);
    expect(await db.all("SELECT n, b, s, big FROM kept WHERE n IS NULL")).toEqual([
      { n: null, b: null, s: null, big: null },
    ]);
    expect(await db.all<{ n: number }>("DELETE FROM kept WHERE n = ? RETURNING n", [7])).toEqual([{ n: 7 }]);
  });

  test("commits what resolves, rolls back what rejects", async () => {
    const db = await opened(await place());
    await db.run("CREATE TABLE kept (n INTEGER PRIMARY KEY)");
    expect(
      await db.transaction(async (tx) => {
        await tx.run("INSERT INTO kept VALUES (1)");
        return "done";
      }),
    ).toBe("done");
    const failing = db.transaction(async (tx) => {
      await tx.run("INSERT INTO kept VALUES (2)");
      await tx.run("INSERT INTO kept VALUES (1)");
    });
    await expect(failing).rejects.toThrow(/unique/i);
    expect(await db.all("SELECT n FROM kept")).toEqual([{ n: 1 }]);
    await expect(db.run("INSERT INTO absent VALUES (1)")).rejects.toThrow("absent");
    await db.transaction((tx) => tx.run("INSERT INTO kept VALUES (3)"), { durable: false });
    expect(await db.all("SELECT n FROM kept ORDER BY n")).toEqual([{ n: 1 }, { n: 3 }]);
  });

  test("runs transactions of one process beside each other without a mix-up", async () => {
    const db = await opened(await place());
    await db.run("CREATE TABLE counter (n INTEGER)");
    await db.run("INSERT INTO counter VALUES (0)");
    const increments = Array.from({ length: 50 }, () =>
      db.transaction((tx) => tx.run("UPDATE counter SET n = n + 1")),
    );
    const reads = Array.from({ length: 50 }, () => db.all("SELECT n FROM counter"));
    await Promise.all([...increments, ...reads]);
    expect(await db.all("SELECT n FROM counter")).toEqual([{ n: 50 }]);
  });

  test("tells watchers of what was announced, after the commit", async () => {
    const where = await place();
    const db = await opened(where);
    const other = await opened(where);
    await db.run("CREATE TABLE kept (n INTEGER)");
    const heard = new Promise<string | undefined>((resolve) => {
      const unwatch = other.watch((topic) => {
        // A file says that there was some change before it says which.
        if (topic !== undefined) resolve(topic);
      });
      cleanUp(async () => unwatch());
    });
    // PostgreSQL's listener needs a moment to be there: announce until it hears.
    let done = false;
    const announcing = (async () => {
      while (!done) {
        await db.transaction(async (tx) => {
          await tx.announce(["it's news"]);
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    expect(await heard).toBe("it's news");
    done = true;
    await announcing;
    const silent = db.transaction(async (tx) => {
      await tx.announce(["never"]);
      throw new Error("rolled back");
    });
    await expect(silent).rejects.toThrow("rolled back");
  });

  test("shares a connection, and closes it with its last holder", async () => {
    const where = await place();
    const first = await openSql(where.url, where.options);
    const second = await openSql(where.url, where.options);
    await first.run("CREATE TABLE kept (n INTEGER)");
    await first.close();
    await first.close();
    expect(await second.all("SELECT n FROM kept")).toEqual([]);
    await second.close();
    await expect(second.all("SELECT n FROM kept")).rejects.toThrow();
    const third = await opened(where);
    expect(await third.all("SELECT n FROM kept")).toEqual([]);
  });

  test("creates only what is missing, and adds late columns", async () => {
    const where = await place();
    const db = await opened(where);
    const objects = [
      { name: "kept", ddl: "CREATE TABLE IF NOT EXISTS kept (n INTEGER)" },
      { name: "ix_kept", ddl: "CREATE INDEX IF NOT EXISTS ix_kept ON kept (n)" },
    ];
    await Promise.all([createMissing(db, objects), createMissing(db, objects), createMissing(db, objects)]);
    const columns = [
      { name: "n", type: "INTEGER" },
      { name: "late", type: "TEXT" },
    ];
    await Promise.all([addMissingColumns(db, "kept", columns), addMissingColumns(db, "kept", columns)]);
    await db.run("INSERT INTO kept (n, late) VALUES (1, 'x')");
    await addMissingColumns(db, "kept", columns);
    expect(await db.all("SELECT n, late FROM kept")).toEqual([{ n: 1, late: "x" }]);
  });
});

describe.each(engines)("%s", (engine) => {
  test("hears of other connections' commits", async () => {
    const url = `sqlite:///${await sqliteFile()}`;
    const db = await opened({ url, options: { engine } });
    await db.run("CREATE TABLE kept (n INTEGER)");
    const foreign = foreignEngine(url, engine);
    let heard = (): void => undefined;
    const nextChange = (): Promise<void> =>
      new Promise((resolve) => {
        heard = resolve;
      });
    const first = nextChange();
    cleanUp(async () => unwatch());
    const unwatch = db.watch(() => heard());
    await first; // The first look finds a counter it has not seen.
    const second = nextChange();
    foreign.run("INSERT INTO kept VALUES (1)", []);
    await second;
    expect(await db.all("SELECT n FROM kept")).toEqual([{ n: 1 }]);
  });

  test("waits for another process's lock without blocking this one", async () => {
    const url = `sqlite:///${await sqliteFile()}`;
    const db = await opened({ url, options: { engine } });
    await db.run("CREATE TABLE kept (n INTEGER)");
    const foreign = foreignEngine(url, engine);
    foreign.run("BEGIN IMMEDIATE", []);
    const order: string[] = [];
    const write = db
      .transaction((tx) => tx.run("INSERT INTO kept VALUES (1)"))
      .then(() => order.push("write"));
    for (let turns = 0; turns < 20; turns += 1) await turn();
    order.push("turns");
    foreign.run("COMMIT", []);
    await write;
    expect(order).toEqual(["turns", "write"]);
  });

  test("keeps the journal mode when told so", async () => {
    const kept = await opened({
      url: `sqlite:///${await sqliteFile()}`,
      options: { engine, journalMode: "keep" },
    });
    expect(await kept.all("PRAGMA journal_mode")).toEqual([{ journal_mode: "delete" }]);
    const wal = await opened({ url: `sqlite:///${await sqliteFile()}`, options: { engine } });
    expect(await wal.all("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
    expect(await wal.all("PRAGMA synchronous")).toEqual([{ synchronous: 2 }]);
  });
});

test("a database in memory is one for the process", async () => {
  const db = await openedAt("sqlite://");
  await db.run("CREATE TABLE kept (n INTEGER)");
  expect(await (await openedAt("sqlite:///:memory:")).all("SELECT n FROM kept")).toEqual([]);
});

test("a lock held by Python is waited for", async () => {
  const file = await sqliteFile();
  const db = await openedAt(`sqlite:///${file}`);
  await db.run("CREATE TABLE kept (n INTEGER)");
  const code = `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN IMMEDIATE"); c.execute("INSERT INTO kept VALUES (1)"); print("locked", flush=True)
import time; time.sleep(0.5); c.execute("COMMIT"); c.close()`;
  const python = new GuardedProcess({
    command: "python3",
    args: ["-c", code, file],
    folder: await temporaryFolder(),
    stopSignal: "SIGTERM",
  });
  cleanUp(() => python.stop());
  await python.waitForOutput(/locked/);
  await db.run("INSERT INTO kept SELECT count(*) + 1 FROM kept");
  expect(await db.all("SELECT n FROM kept ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a PostgreSQL that restarts is found again", async () => {
  const server = await startPostgres();
  const db = await openedAt(`${server.url}/postgres`);
  await db.run("CREATE TABLE kept (n INTEGER)");
  const broken = db.transaction(async (tx) => {
    await tx.run("INSERT INTO kept VALUES (1)");
    await server.kill();
    await tx.run("INSERT INTO kept VALUES (2)");
  });
  const error = await broken.catch((thrown: unknown) => thrown);
  expect(isTransient(error)).toBe(true);
  expect(isTransient(await db.all("SELECT 1").catch((thrown: unknown) => thrown))).toBe(true);
  await server.restart();
  expect(await db.all("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("errors say whether to try again", async () => {
  const db = await openedAt(await postgresUrl());
  await db.run("CREATE TABLE kept (s VARCHAR(3))");
  const tooLong = await db.run("INSERT INTO kept VALUES (?)", ["four"]).catch((error: unknown) => error);
  expect([isBadData(tooLong), isTransient(tooLong)]).toEqual([true, false]);
  const nul = await db.run("INSERT INTO kept VALUES (?)", ["\0"]).catch((error: unknown) => error);
  expect(isBadData(nul)).toBe(true);
  const twice = await db.run("CREATE TABLE kept (n INTEGER)").catch((error: unknown) => error);
  expect([isDuplicateObject(twice), isTransient(twice)]).toEqual([true, false]);
  const away = await openSql("postgresql://nobody@127.0.0.1:1/x").catch((error: unknown) => error);
  expect(isTransient(away)).toBe(true);
});

test("URLs are SQLAlchemy's", () => {
  const sqlite = (place: string): object => ({ dialect: "sqlite", place });
  expect(parseSqlUrl("sqlite://")).toEqual(sqlite(":memory:"));
  expect(parseSqlUrl("sqlite:///:memory:")).toEqual(sqlite(":memory:"));
  expect(parseSqlUrl("sqlite:///some%20file.db")).toEqual(sqlite(`${process.cwd()}/some%20file.db`));
  expect(parseSqlUrl("sqlite+pysqlite:////tmp/x.db?timeout=3")).toEqual(sqlite("/tmp/x.db"));
  const postgres = { dialect: "postgresql", place: "postgresql://u:p%40@h:1/d?sslmode=require" };
  expect(parseSqlUrl("postgresql+psycopg2://u:p%40@h:1/d?sslmode=require")).toEqual(postgres);
  expect(parseSqlUrl("postgres://u:p%40@h:1/d?sslmode=require")).toEqual(postgres);
  const bad: [string, RegExp][] = [
    ["mysql://h/d", /"mysql" is not a database/],
    ["nonsense", /"\?" is not a database/],
    ["sqlite://file.db", /write sqlite:\/\/\/file\.db/],
    ["sqlite:///file:x?mode=ro&uri=true", /file: URIs/],
  ];
  for (const [url, message] of bad) {
    expect(() => parseSqlUrl(url)).toThrow(expect.objectContaining({ code: "bad_config" }));
    expect(() => parseSqlUrl(url)).toThrow(message);
  }
});

test("a missing driver names the package to install", async () => {
  const absent = (["node:sqlite", "better-sqlite3", "libsql"] as const).find(
    (name) => !engines.includes(name),
  );
  if (absent === undefined) return;
  const opening = openSql("sqlite://", { engine: absent });
  await expect(opening).rejects.toMatchObject({ code: "missing_package", message: /npm install libsql/ });
});

test("lists come in few lengths", () => {
  expect(inList([1, 2, 3])).toEqual({ text: "(?, ?, ?, ?)", params: [1, 2, 3, 3] });
  expect(inList([1])).toEqual({ text: "(?)", params: [1] });
  expect(repeat("(?)", 2)).toBe("(?), (?)");
  expect([...powerSlices([1, 2, 3, 4, 5, 6, 7], 4)]).toEqual([[1, 2, 3, 4], [5, 6], [7]]);
  expect([...powerSlices([], 4)]).toEqual([]);
});

test("a folder that is not there is an error, and not remembered", async () => {
  const folder = await temporaryFolder();
  const url = `sqlite:///${folder}/absent/file.db`;
  await expect(openSql(url)).rejects.toThrow();
  const { mkdir } = await import("node:fs/promises");
  await mkdir(`${folder}/absent`);
  expect(await (await openedAt(url)).all("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

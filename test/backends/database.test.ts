import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import createDatabaseBackend from "../../backends/database.ts";
import type { BackendOptions, ResultBackend } from "../../backends/result-backend.ts";
import type { ResultDocument } from "../../protocol/index.ts";
import { openSql, type SqlDatabase } from "../../stores/sql/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { backendOptions, resultDocument, testResultBackend } from "../../testing/result-backend.ts";
import { postgresUrl, sqliteFile, startPostgres } from "../helpers/services.ts";

const places: [string, () => Promise<string>][] = [
  ["SQLite", async () => `db+sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", async () => `db+postgresql+psycopg2:${(await postgresUrl()).split(":").slice(1).join(":")}`],
];

async function tables(url: string): Promise<SqlDatabase> {
  const db = await openSql(url.replace("db+", ""));
  cleanUp(() => db.close());
  return db;
}

function opened(url: string, changes: Partial<BackendOptions> = {}): ResultBackend {
  const backend = createDatabaseBackend(backendOptions(url, changes));
  cleanUp(() => backend.close());
  return backend;
}

function store(backend: ResultBackend, ...documents: ResultDocument[]): Promise<void> {
  return backend.store(documents.map((document) => ({ document })));
}

async function spoil(url: string, taskId: string): Promise<void> {
  const db = await tables(url);
  await db.run("UPDATE celery_taskmeta SET result = ? WHERE task_id = ?", [Buffer.from("{no json"), taskId]);
}

for (const [name, place] of places) {
  testResultBackend(name, async () => {
    const url = await place();
    return {
      client: createDatabaseBackend(backendOptions(url)),
      worker: createDatabaseBackend(backendOptions(url)),
      spoil: (taskId) => spoil(url, taskId),
    };
  });
}

describe.each(places)("database backend on %s", (_name, place) => {
  test("keeps Celery's columns", async () => {
    const url = await place();
    const backend = opened(url, { timezone: "America/New_York" });
    const id = randomUUID();
    const document: ResultDocument = {
      ...resultDocument(id, "SUCCESS", { x: [1, "two", null] }),
      children: [[["child", null], null]],
      name: "wire.add",
      args: [1, 2],
      kwargs: { k: "v" },
      worker: "w1@wirehost",
      retries: 3,
      queue: "wire_q",
      stamped_headers: ["mystamp"],
      stamps: { mystamp: "v1" },
    };
    await store(backend, document);
    const [row] = await (await tables(url)).all<Record<string, unknown>>("SELECT * FROM celery_taskmeta");
    expect(row).toMatchObject({
      id: 1,
      task_id: id,
      status: "SUCCESS",
      // SQLite keeps the app's wall clock, PostgreSQL the server's.
      date_done: url.includes("sqlite") ? "2026-11-20 18:59:38.848981" : "2026-11-20 23:59:38.848981",
      traceback: null,
      name: "wire.add",
      worker: "w1@wirehost",
      retries: 3,
      queue: "wire_q",
    });
    for (const [column, value] of [
      ["result", { x: [1, "two", null] }],
      ["children", [[["child", null], null]]],
      ["args", [1, 2]],
      ["kwargs", { k: "v" }],
      ["stamps", { stamped_headers: ["mystamp"], stamps: { mystamp: "v1" } }],
    ] as const) {
      expect(Buffer.from(row?.[column] as Uint8Array).toString()).toBe(JSON.stringify(value));
    }
    expect(await backend.get(id)).toEqual({ ...document, date_done: "2026-11-20T18:59:38.848981-05:00" });
  });

  test("keeps stamps that a later state does not repeat, and no empty children", async () => {
    const url = await place();
    const backend = opened(url);
    const id = randomUUID();
    const stamped = { stamped_headers: ["s"], stamps: { s: [1] } };
    await store(backend, { ...resultDocument(id, "STARTED", null), ...stamped });
    await store(backend, resultDocument(id, "SUCCESS", 1));
    expect(await backend.get(id)).toMatchObject({ status: "SUCCESS", children: null, ...stamped });
  });

  test("reads and extends the tables of older versions", async () => {
    const url = await place();
    const db = await tables(url);
    const [bytes, time, id] = url.includes("sqlite")
      ? ["BLOB", "DATETIME", "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"]
      : ["BYTEA", "TIMESTAMP WITHOUT TIME ZONE", "INTEGER NOT NULL PRIMARY KEY"];
    if (id.endsWith("Y")) await db.run("CREATE SEQUENCE task_id_sequence");
    // As Celery 5.2 makes it, without result_extended.
    await db.run(
      `CREATE TABLE celery_taskmeta (id ${id}, task_id VARCHAR(155) UNIQUE, status VARCHAR(50), result ${bytes}, date_done ${time}, traceback TEXT)`,
    );
    const pickle = Buffer.from("gASVFQAAAAAAAAB9lIwBeJRdlChLAYwDdHdvlE5lcy4=", "base64");
    const insert =
      "INSERT INTO celery_taskmeta (id, task_id, status, result, date_done) VALUES (?, ?, ?, ?, ?)";
    await db.run(insert, [100, "old", "SUCCESS", pickle, "2026-11-20 23:59:39.179452"]);
    await db.run(insert, [101, "empty", "PENDING", null, null]);
    const backend = opened(url);
    await expect(backend.get("old")).rejects.toMatchObject({
      code: "bad_result",
      message: expect.stringContaining("pickle, as Celery up to 5.6 writes"),
    });
    expect(await backend.get("empty")).toMatchObject({ status: "PENDING", result: null, date_done: null });
    await store(backend, { ...resultDocument("new", "SUCCESS", 1), name: "n" });
    expect(await backend.get("new")).toMatchObject({ result: 1, name: "n" });
    // SUCCESS stays, whoever wrote it.
    await store(backend, resultDocument("old", "FAILURE", null));
    await expect(backend.get("old")).rejects.toMatchObject({ code: "bad_result" });
  });

  test("removes what is old, and only that", async () => {
    const url = await place();
    const backend = opened(url, { expiresSeconds: 3600, timezone: "Asia/Tokyo" });
    const at = (secondsAgo: number): string => new Date(Date.now() - secondsAgo * 1000).toISOString();
    await store(
      backend,
      ...Array.from({ length: 1200 }, (_, index) => ({
        ...resultDocument(`old-${index}`, "SUCCESS", index),
        date_done: at(3700),
      })),
      { ...resultDocument("young", "SUCCESS", 1), date_done: at(3500) },
      resultDocument("running", "STARTED", 1),
    );
    expect(await backend.cleanup()).toBe(1200);
    expect(await backend.cleanup()).toBe(0);
    expect(await backend.get("old-0")).toBeUndefined();
    expect(await backend.get("young")).toMatchObject({ result: 1 });
    expect(await backend.get("running")).toMatchObject({ status: "STARTED" });
    expect(await opened(url, { expiresSeconds: 0 }).cleanup()).toBe(0);
  });

  test("stores the others when one does not fit", async () => {
    const url = await place();
    const warnings: string[] = [];
    const backend = opened(url, { onWarning: (message) => warnings.push(message) });
    const long = "i".repeat(156);
    await store(
      backend,
      resultDocument("a", "SUCCESS", 1),
      resultDocument(long, "SUCCESS", 2),
      resultDocument("nul\0", "SUCCESS", 3),
      {
        ...resultDocument("b", "FAILURE", null),
        traceback: "nul \0 here",
        name: "n".repeat(200),
        worker: "w\0",
      },
    );
    expect(await backend.get("a")).toMatchObject({ result: 1 });
    expect(await backend.get("b")).toMatchObject({
      traceback: "nul \\x00 here",
      name: "n".repeat(155),
      worker: "w\\x00",
    });
    expect(await backend.get("nul\0")).toBeUndefined();
    // SQLite has no limit on the length; PostgreSQL has Celery's.
    const kept = (await backend.get(long)) !== undefined;
    expect(kept).toBe(url.includes("sqlite"));
    expect(warnings).toHaveLength(kept ? 1 : 2);
    const [count] = await (await tables(url)).all<{ n: number }>("SELECT count(*) AS n FROM celery_taskmeta");
    expect(count?.n).toBe(kept ? 3 : 2);
  });

  test("hears of results that others write without a word", async () => {
    const url = await place();
    const backend = opened(url);
    const id = randomUUID();
    const waiting = backend.wait(id, { timeoutMs: 20_000 });
    const db = await tables(url);
    await backend.get(id); // The tables are there.
    const sequence = url.includes("sqlite") ? "NULL" : "nextval('task_id_sequence')";
    await db.run(
      `INSERT INTO celery_taskmeta (id, task_id, status, result) VALUES (${sequence}, ?, 'SUCCESS', ?)`,
      [id, Buffer.from("[1,2]")],
    );
    expect(await waiting).toMatchObject({ result: [1, 2] });
  });

  test("uses tables of other names", async () => {
    const url = await place();
    const tableNames = { task: "my_taskmeta", group: "my_groupmeta" };
    const backend = opened(url, { transportOptions: { tableNames } });
    await store(backend, resultDocument("x", "SUCCESS", 1));
    expect(await (await tables(url)).all("SELECT task_id FROM my_taskmeta")).toEqual([{ task_id: "x" }]);
    expect(() => opened(url, { transportOptions: { tableNames: { task: "a b" } } })).toThrow(
      /database_table_names/,
    );
  });

  test("makes tables anew that are gone", async () => {
    const url = await place();
    const backend = opened(url);
    await store(backend, resultDocument("x", "SUCCESS", 1));
    await (await tables(url)).run("DROP TABLE celery_taskmeta");
    await store(backend, resultDocument("y", "SUCCESS", 2));
    expect(await backend.get("x")).toBeUndefined();
    expect(await backend.get("y")).toMatchObject({ result: 2 });
  });

  test("survives many at once", async () => {
    const url = await place();
    const backends = [opened(url), opened(url)];
    const ids = Array.from({ length: 40 }, () => randomUUID());
    await Promise.all(
      Array.from({ length: 20 }, (_, round) =>
        store(
          backends[round % 2] ?? opened(url),
          ...(round % 2 ? ids : ids.toReversed()).map((id) => resultDocument(id, "PROGRESS", round)),
        ),
      ),
    );
    const [count] = await (await tables(url)).all<{ n: number }>("SELECT count(*) AS n FROM celery_taskmeta");
    expect(count?.n).toBe(40);
  });
});

test("waits for a PostgreSQL that restarts, to store and to read", async () => {
  const server = await startPostgres();
  const backend = opened(`db+${server.url}/postgres`);
  await store(backend, resultDocument("before", "SUCCESS", 1));
  const waiting = backend.wait("after", { timeoutMs: 25_000 });
  await backend.get("after");
  await server.kill();
  const storing = store(backend, resultDocument("after", "SUCCESS", 2));
  await server.restart();
  await storing;
  expect(await waiting).toMatchObject({ result: 2 });
});

test("holds results back until a full disk has room", async () => {
  const url = `db+sqlite:///${await sqliteFile()}`;
  const backend = opened(url);
  await backend.get("x");
  const db = await tables(url);
  const [before] = await db.all<{ page_count: number }>("PRAGMA page_count");
  await db.all(`PRAGMA max_page_count = ${(before?.page_count ?? 0) + 2}`);
  const storing = store(backend, resultDocument("x", "SUCCESS", "x".repeat(100_000)));
  expect(await backend.get("x")).toBeUndefined();
  await db.all("PRAGMA max_page_count = 1000000");
  await storing;
  expect(await backend.get("x")).toMatchObject({ status: "SUCCESS" });
});

test("gives up when the budget is spent", async () => {
  const url = "db+postgresql://nobody@127.0.0.1:1/x";
  const backend = opened(url, { transportOptions: { storeBudgetMs: 200 } });
  await expect(store(backend, resultDocument("x", "SUCCESS", 1))).rejects.toMatchObject({
    code: "backend_unavailable",
  });
  await expect(backend.wait("x", { timeoutMs: 100 })).rejects.toMatchObject({ code: "timeout" });
  await backend.close();
  await expect(backend.get("x")).rejects.toMatchObject({ code: "closed" });
  await expect(backend.wait("x")).rejects.toMatchObject({ code: "closed" });
});

test("bad URLs are told at once", () => {
  expect(() => opened("db+mysql://h/d")).toThrow(expect.objectContaining({ code: "bad_config" }));
});

const GOLDEN_DDL = [
  "CREATE TABLE celery_taskmeta (\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \n\ttask_id VARCHAR(155), \n\tstatus VARCHAR(50), \n\tresult BLOB, \n\tdate_done DATETIME, \n\ttraceback TEXT, \n\tchildren BLOB, \n\tname VARCHAR(155), \n\targs BLOB, \n\tkwargs BLOB, \n\tworker VARCHAR(155), \n\tretries INTEGER, \n\tqueue VARCHAR(155), \n\tstamps BLOB, \n\tUNIQUE (task_id)\n)",
  "CREATE INDEX ix_celery_taskmeta_date_done ON celery_taskmeta (date_done)",
  "CREATE TABLE celery_tasksetmeta (\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \n\ttaskset_id VARCHAR(155), \n\tresult BLOB, \n\tdate_done DATETIME, \n\tUNIQUE (taskset_id)\n)",
  "CREATE INDEX ix_celery_tasksetmeta_date_done ON celery_tasksetmeta (date_done)",
];

test("SQLite's tables are the recorded ones of Celery 5.7, byte for byte", async () => {
  const url = `db+sqlite:///${await sqliteFile()}`;
  await opened(url).get("x");
  const rows = await (await tables(url)).all<{ sql: string }>(
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'",
  );
  expect(rows.map((row) => row.sql).toSorted()).toEqual(GOLDEN_DDL.toSorted());
});

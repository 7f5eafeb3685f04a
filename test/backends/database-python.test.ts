import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import createDatabaseBackend from "../../backends/database.ts";
import type { ResultBackend } from "../../backends/result-backend.ts";
import { openSql } from "../../stores/sql/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { backendOptions, resultDocument } from "../../testing/result-backend.ts";
import { python, pythonVersions, startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { postgresUrl, redisUrl, sqliteFile } from "../helpers/services.ts";

const places: [string, () => Promise<string>][] = [
  ["SQLite", async () => `db+sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", async () => `db+${(await postgresUrl()).replace(":", "+psycopg2:")}`],
];
const latest = pythonVersions().includes("latest");
const oldest = pythonVersions().includes("5.2");

function opened(url: string, timezone = "UTC"): ResultBackend {
  const backend = createDatabaseBackend(backendOptions(url, { timezone }));
  cleanUp(() => backend.close());
  return backend;
}

/** Everything about the result tables that Celery decides. */
async function schema(url: string): Promise<unknown> {
  const db = await openSql(url.replace("db+", ""));
  const questions =
    db.dialect === "sqlite"
      ? ["SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"]
      : [
          `SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length, is_nullable, column_default
           FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`,
          "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
          "SELECT sequencename, data_type, start_value, increment_by FROM pg_sequences ORDER BY 1",
        ];
  const answers = [];
  for (const question of questions) answers.push(await db.all(question));
  await db.close();
  return answers;
}

/** What Python sees of 23:59:38 UTC: the app's wall clock in SQLite, the server's in PostgreSQL. */
async function naiveTime(url: string): Promise<unknown> {
  if (url.includes("sqlite")) return "2026-11-21 08:59:38.848981";
  const db = await openSql(url.replace("db+", ""));
  const sql = "SELECT CAST(CAST('2026-11-20T23:59:38.848981+00:00' AS timestamptz) AS timestamp) AS seen";
  const [row] = await db.all<{ seen: string }>(sql);
  await db.close();
  return row?.seen;
}

describe.skipIf(!latest)("results of Python Celery 5.7", () => {
  describe.each(places)("on %s", (_name, place) => {
    test("are read as Python stored them, with its tables", async () => {
      const [broker, url, ownUrl] = [await redisUrl(), await place(), await place()];
      const conf = { result_extended: true, task_track_started: true, timezone: "America/New_York" };
      const app = { version: "latest", broker, backend: url, conf } as const;
      await startPythonWorker(app);
      await opened(ownUrl).get("x");
      expect(await schema(ownUrl)).toEqual(await schema(url));

      const backend = opened(url, "America/New_York");
      const client = startPythonClient(app);
      const id = randomUUID();
      const waiting = backend.wait(id, { timeoutMs: 20_000 });
      const before = Date.now();
      await client.send("py.echo", [1, "é"], { k: [null] }, { task_id: id });
      const document = await waiting;
      expect(document).toMatchObject({
        task_id: id,
        status: "SUCCESS",
        result: [[1, "é"], { k: [null] }],
        traceback: null,
        children: null,
        name: "py.echo",
        args: [1, "é"],
        kwargs: { k: [null] },
        worker: expect.stringMatching(/^py-/),
        retries: 0,
        queue: "celery",
      });
      expect(document.date_done).toMatch(/^\d{4}-\d\d-\d\dT.*-0[45]:00$/);
      expect(Math.abs(Date.parse(document.date_done ?? "") - before)).toBeLessThan(60_000);

      const failed = await backend.wait(await client.send("py.fail", ["KeyError", "x"]), {
        timeoutMs: 20_000,
      });
      expect(failed).toMatchObject({
        status: "FAILURE",
        result: { exc_type: "KeyError", exc_message: ["x"], exc_module: "builtins" },
        traceback: expect.stringContaining("Traceback (most recent call last)"),
      });
      const states: string[] = [];
      const retried = await backend.wait(await client.send("py.retry", [1]), {
        timeoutMs: 20_000,
        onChange: ({ status }) => states.push(status),
      });
      expect(retried).toMatchObject({ status: "SUCCESS", result: 1, retries: 1 });
      expect(states.at(-1)).toBe("SUCCESS");
    });

    test("and ours are read by Python", async () => {
      const url = await place();
      const backend = opened(url, "Asia/Tokyo");
      const client = startPythonClient({
        version: "latest",
        broker: "memory://",
        backend: url,
        conf: { timezone: "Asia/Tokyo", result_extended: true },
      });
      const [good, bad, running] = [randomUUID(), randomUUID(), randomUUID()];
      const exception = { exc_type: "ValueError", exc_message: ["bad value", 42], exc_module: "builtins" };
      await backend.store([
        {
          document: {
            ...resultDocument(good, "SUCCESS", { x: [1, "é"] }),
            children: [[["child", null], null]],
            name: "a.task",
            args: [1],
            kwargs: { k: 1 },
            worker: "w@h",
            retries: 2,
            queue: "q",
            stamped_headers: ["s"],
            stamps: { s: "v" },
          },
        },
        { document: resultDocument(bad, "FAILURE", exception) },
        { document: resultDocument(running, "PROGRESS", { done: 1 }) },
      ]);
      expect(await client.get(good)).toEqual({ x: [1, "é"] });
      await expect(client.get(bad)).rejects.toMatchObject({
        type: "ValueError",
        message: "('bad value', 42)",
      });
      expect(await client.state(running)).toBe("PROGRESS");
      const seen = (expression: string): Promise<unknown> =>
        client.evaluate(`(lambda r: ${expression})(app.AsyncResult('${good}'))`);
      expect(await seen("[r.name, r.args, r.kwargs, r.worker, r.retries, r.queue]")).toEqual([
        "a.task",
        [1],
        { k: 1 },
        "w@h",
        2,
        "q",
      ]);
      expect(await seen("r.date_done.isoformat(' ')")).toBe(await naiveTime(url));
      expect(await seen("[c.id for c in r.children]")).toEqual(["child"]);
      expect(await seen("r._get_task_meta()['s']")).toBe("v");
      // SUCCESS is final for Python too; PROGRESS is not.
      await client.evaluate(`app.backend.store_result('${good}', 'other', 'SUCCESS')`);
      await client.evaluate(`app.backend.store_result('${running}', 'end', 'SUCCESS')`);
      expect(await backend.get(good)).toMatchObject({ result: { x: [1, "é"] } });
      expect(await backend.get(running)).toMatchObject({ status: "SUCCESS", result: "end" });
      await backend.forget([good]);
      expect(await client.state(good)).toBe("PENDING");
    });
  });
});

describe.skipIf(!oldest)("results of Python Celery 5.2", () => {
  test("are pickles, which is told; its tables go on working for both", async () => {
    const url = `db+sqlite:///${await sqliteFile()}`;
    const store = `
import json, sys
from celery import Celery
app = Celery(backend=sys.stdin.read().strip('"'))
app.backend.store_result("%s", {"x": 1}, "SUCCESS")
print(json.dumps(app.backend.get_result("%s")))`;
    const asPython = (id: string): Promise<unknown> =>
      python({ version: "5.2", code: store.replaceAll("%s", id), input: url });
    expect(await asPython("one")).toEqual({ x: 1 });
    const backend = opened(url);
    await expect(backend.get("one")).rejects.toMatchObject({
      code: "bad_result",
      message: expect.stringContaining("pickle"),
    });
    await expect(backend.wait("one")).rejects.toMatchObject({ code: "bad_result" });
    await backend.store([{ document: resultDocument("ours", "SUCCESS", { y: 2 }) }]);
    expect(await backend.get("ours")).toMatchObject({ result: { y: 2 } });
    expect(await asPython("two")).toEqual({ x: 1 });
  });
});

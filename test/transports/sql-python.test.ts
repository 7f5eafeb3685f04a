import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readEnvelope, writeEnvelope } from "../../protocol/index.ts";
import { openSql } from "../../stores/sql/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { tags } from "../../testing/queue-store.ts";
import type { SqlStore } from "../../transports/sql/sql-store.ts";
import { openSqlStore } from "../../transports/sql.ts";
import {
  type PythonVersion,
  python,
  pythonVersions,
  startPythonClient,
  startPythonWorker,
} from "../helpers/python.ts";
import { postgresUrl, sqliteFile } from "../helpers/services.ts";

const places: ["SQLite" | "PostgreSQL", () => Promise<string>][] = [
  ["SQLite", async () => `sqla+sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", async () => `sqla+${(await postgresUrl()).replace(":", "+psycopg2:")}`],
];

/** A message of Celery's protocol 2 for the queue "celery". */
function taskPayload(id: string, task: string, args: readonly unknown[]): string {
  const body = JSON.stringify([args, {}, { callbacks: null, errbacks: null, chain: null, chord: null }]);
  return writeEnvelope(
    {
      body: Buffer.from(body),
      contentType: "application/json",
      contentEncoding: "utf-8",
      headers: {
        lang: "js",
        task,
        id,
        root_id: id,
        parent_id: null,
        group: null,
        argsrepr: "",
        kwargsrepr: "",
      },
      properties: { correlationId: id, deliveryMode: 2, priority: 0 },
    },
    { exchange: "", routingKey: "celery" },
    randomUUID(),
  );
}

async function opened(url: string): Promise<SqlStore> {
  const store = await openSqlStore({ url, transportOptions: {}, onWarning: () => undefined });
  cleanUp(() => store.close());
  return store;
}

/** Everything kombu made: tables, columns, constraints and indexes, without what is ours. */
async function schema(url: string): Promise<unknown> {
  const db = await openSql(url.replace("sqla+", ""));
  const questions =
    db.dialect === "sqlite"
      ? ["SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE '%celerity%' ORDER BY name"]
      : [
          `SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
           FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'celerity%' ORDER BY 1, 2`,
          "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%celerity%' ORDER BY 1",
          "SELECT sequencename, data_type, start_value, increment_by FROM pg_sequences ORDER BY 1",
          "SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE conname LIKE '%kombu%' ORDER BY 1",
        ];
  const answers = [];
  for (const question of questions) answers.push(await db.all(question));
  await db.close();
  return answers;
}

/** Debian's Python has no driver for PostgreSQL by default. */
const drivers = { SQLite: "sqlite3", PostgreSQL: "psycopg2" } as const;

async function requireDriver(
  version: PythonVersion,
  name: keyof typeof drivers,
  skip: (note: string) => void,
): Promise<void> {
  const code = `import importlib.util; print("true" if importlib.util.find_spec("${drivers[name]}") else "false")`;
  if ((await python({ version, code })) !== true) skip(`Python has no ${drivers[name]}`);
}

const forever = new AbortController().signal;

describe.each(pythonVersions())("Python Celery %s", (version) => {
  describe.each(places)("on %s", (name, place) => {
    test("makes the same tables, and takes its turn with ours", async ({ skip }) => {
      await requireDriver(version, name, skip);
      const [url, ownUrl] = [await place(), await place()];
      const client = startPythonClient({ version, broker: url });
      const id = await client.send("examples.add", [2, 3]);
      await opened(ownUrl);
      expect(await schema(ownUrl)).toEqual(await schema(url));

      const store = await opened(url);
      const [message] = await store.take(["celery"], 10);
      const envelope = readEnvelope(message?.payload ?? "");
      expect(envelope.message.headers).toMatchObject({ id, task: "examples.add" });
      expect(JSON.parse(Buffer.from(envelope.message.body).toString())).toMatchObject([
        [2, 3],
        {},
        { chain: null },
      ]);
      expect(envelope.route).toEqual({ exchange: "", routingKey: "celery" });
      expect(envelope.redelivered).toBe(false);
      await store.settle([message?.tag ?? ""], []);
      // A message that Python puts while we wait.
      const waiting = store.waitForMessages(["celery"], forever);
      const next = await client.send("examples.add", [4, 5]);
      await waiting;
      const [taken] = await store.take(["celery"], 10);
      expect(readEnvelope(taken?.payload ?? "").message.headers).toMatchObject({ id: next });
    });

    test("runs what we put, what we give back, and what we requeue", async ({ skip }) => {
      await requireDriver(version, name, skip);
      const url = await place();
      const store = await opened(url);
      const [fresh, released, requeued] = [randomUUID(), randomUUID(), randomUUID()];
      const put = (id: string): Promise<void> =>
        store.put([{ queue: "celery", payload: taskPayload(id, "examples.add", [1, 1]), priority: 0 }]);
      await put(released);
      await store.release(tags(await store.take(["celery"], 1)));
      const client = startPythonClient({ version, broker: url });
      const theirs = await client.send("examples.add", [7, 8]);
      const held = await store.take(["celery"], 2);
      await store.settle([], tags(held));
      await put(requeued);
      await put(fresh);
      const worker = await startPythonWorker({ version, broker: url });
      for (const id of [released, theirs, requeued, fresh]) {
        await worker.waitForOutput(new RegExp(`Task examples\\.add\\[${id}\\] succeeded`));
      }
    });
  });
});

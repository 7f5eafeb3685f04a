import { describe, expect, test } from "vitest";
import { openSql, type SqlDatabase } from "../../stores/sql/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { bodies, tags, testQueueStore } from "../../testing/queue-store.ts";
import type { StoreEntry } from "../../transports/queue-store.ts";
import type { SqlStore } from "../../transports/sql/sql-store.ts";
import { openSqlStore } from "../../transports/sql.ts";
import { postgresUrl, sqliteFile } from "../helpers/services.ts";

const places: [string, () => Promise<string>][] = [
  ["SQLite", async () => `sqla+sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", async () => `sqla+${(await postgresUrl()).replace("postgresql:", "postgresql+psycopg2:")}`],
];

async function opened(url: string, transportOptions: Record<string, unknown> = {}): Promise<SqlStore> {
  const store = await openSqlStore({ url, transportOptions, onWarning: () => undefined });
  cleanUp(() => store.close());
  return store;
}

/** The tables themselves. */
async function tables(url: string): Promise<SqlDatabase> {
  const db = await openSql(url.replace("sqla+", ""));
  cleanUp(() => db.close());
  return db;
}

const forever = new AbortController().signal;

/** Payloads that are easy to compare. */
function entries(queue: string, ...texts: string[]): StoreEntry[] {
  return texts.map((body) => ({ queue, payload: `{"body": "${body}"}`, priority: 0 }));
}

for (const [name, place] of places) {
  testQueueStore(`SQL on ${name}`, async () => {
    const url = await place();
    const db = await tables(url);
    return {
      open: () => openSqlStore({ url, transportOptions: { leaseMs: 3000 }, onWarning: () => undefined }),
      async abandon(store) {
        const { consumerId } = store as SqlStore;
        await db.run("UPDATE celerity_claim SET consumer = 'killed' WHERE consumer = ?", [consumerId]);
        await db.run("DELETE FROM celerity_consumer WHERE id = ?", [consumerId]);
      },
    };
  });
}

describe.each(places)("SQL store on %s", (_name, place) => {
  test("keeps kombu's rows", async () => {
    const url = await place();
    const store = await opened(url);
    const db = await tables(url);
    await store.put(entries("q", "a"));
    const row =
      "SELECT visible, timestamp, payload, version, name FROM kombu_message m JOIN kombu_queue q ON q.id = queue_id";
    const [fresh] = await db.all<{ visible: unknown }>(row);
    expect({ ...fresh, visible: Boolean(fresh?.visible) }).toEqual({
      visible: true,
      timestamp: null,
      payload: '{"body": "a"}',
      version: 1,
      name: "q",
    });
    const [message] = await store.take(["q"], 1);
    const [taken] = await db.all<{ visible: unknown; timestamp: string }>(row);
    expect(taken).toMatchObject({ version: 2, payload: '{"body": "a"}' });
    expect(Boolean(taken?.visible)).toBe(false);
    expect(taken?.timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/);
    const age = Date.now() - new Date(taken?.timestamp.replace(" ", "T") ?? "").getTime();
    expect(Math.abs(age)).toBeLessThan(60_000); // Local time, whatever the zone.
    await store.settle([message?.tag ?? ""], []);
    expect(await db.all(row)).toEqual([]);
    expect(await db.all("SELECT * FROM celerity_claim")).toEqual([]);
  });

  test("serves in order of arrival, and each message once", async () => {
    const url = await place();
    const [one, other] = [await opened(url), await opened(url)];
    await one.put(entries("q", ...Array.from({ length: 700 }, (_, index) => String(index))));
    const taken = await Promise.all([one.take(["q"], 300), other.take(["q"], 300), one.take(["q"], 300)]);
    const all = taken.flatMap(bodies).map(Number);
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 700 }, (_, index) => index));
    for (const part of taken)
      expect(bodies(part).map(Number)).toEqual(
        bodies(part)
          .map(Number)
          .toSorted((a, b) => a - b),
      );
    expect(await one.take(["q"], 10)).toEqual([]);
    expect(await one.size("q")).toBe(0);
  });

  test("gives several queues their turn", async () => {
    const store = await opened(await place());
    await store.put([...entries("a", "a1", "a2", "a3", "a4"), ...entries("b", "b1", "b2")]);
    expect(bodies(await store.take(["a", "b", "absent"], 4)).toSorted()).toEqual(["a1", "a2", "b1", "b2"]);
    expect((await store.take(["b", "a"], 10)).map(({ queue }) => queue)).toEqual(["a", "a"]);
  });

  test("requeues to the end, marked and counted", async () => {
    const url = await place();
    const store = await opened(url);
    await store.put(entries("q", "1", "2", "3"));
    const first = await store.take(["q"], 1);
    expect(first[0]?.previousDeliveries).toBe(0);
    await store.settle([], tags(first));
    const [two, three, one] = await store.take(["q"], 10);
    expect([two, three, one].map((message) => JSON.parse(message?.payload ?? ""))).toEqual([
      { body: "2" },
      { body: "3" },
      { redelivered: true, body: "1" },
    ]);
    expect([two, three, one].map((message) => message?.previousDeliveries)).toEqual([0, 0, 1]);
    await store.settle([], [one?.tag ?? ""]);
    const again = await store.take(["q"], 10);
    expect(again).toMatchObject([{ payload: '{"redelivered": true, "body": "1"}', previousDeliveries: 2 }]);
  });

  test("releases to the front, marked but not counted", async () => {
    const store = await opened(await place());
    await store.put(entries("q", "1", "2", "3"));
    const [one, two] = await store.take(["q"], 2);
    await store.release([two?.tag ?? "", one?.tag ?? ""]);
    const again = await store.take(["q"], 10);
    expect(bodies(again)).toEqual(["1", "2", "3"]);
    expect(again.map((message) => message.previousDeliveries)).toEqual([0, 0, 0]);
    expect(JSON.parse(again[0]?.payload ?? "")).toMatchObject({ redelivered: true });
  });

  test("leaves payloads alone that are no envelope", async () => {
    const store = await opened(await place());
    const odd = ["", "[1]", "{}", "not json", '{"a": 1e999, "n": 12345678901234567890}'];
    await store.put(odd.map((payload) => ({ queue: "q", payload, priority: 0 })));
    await store.release(tags(await store.take(["q"], 10)));
    expect((await store.take(["q"], 10)).map(({ payload }) => payload)).toEqual([
      ...odd.slice(0, 4),
      '{"redelivered": true, "a": 1e999, "n": 12345678901234567890}',
    ]);
  });

  test("ignores tags that are not held", async () => {
    const url = await place();
    const [store, other] = [await opened(url), await opened(url)];
    await store.put(entries("q", "1"));
    const held = await store.take(["q"], 1);
    await other.settle(["x", "999999", ...tags(held)], []);
    await other.settle([], tags(held));
    await other.release(tags(held));
    await store.settle([], tags(held));
    await store.settle(tags(held), tags(held));
    expect(await store.size("q")).toBe(1);
  });

  test("wakes for messages that others insert", async () => {
    const url = await place();
    const store = await opened(url);
    const db = await tables(url);
    await store.createQueue("q");
    const waiting = store.waitForMessages(["q"], forever);
    // As kombu does it: nothing is announced.
    const id = url.includes("sqlite") ? "NULL" : "nextval('message_id_sequence')";
    await db.run(
      `INSERT INTO kombu_message (id, visible, payload, version, queue_id) SELECT ${id}, true, '{"body": "k"}', 1, id FROM kombu_queue`,
    );
    await waiting;
    expect(bodies(await store.take(["q"], 1))).toEqual(["k"]);
  });

  test("counts, purges and deletes what waits, not what is held", async () => {
    const url = await place();
    const [store, other] = [await opened(url), await opened(url)];
    await store.put(entries("q", "1", "2", "3"));
    const held = await store.take(["q"], 1);
    expect(await other.size("q")).toBe(2);
    expect(await other.purge("q")).toBe(2);
    expect(await other.purge("absent")).toBe(0);
    await store.settle([], tags(held));
    expect(await other.size("q")).toBe(1);
    await other.deleteQueue("q");
    expect(await store.size("q")).toBe(0);
    await store.put(entries("q", "4"));
    expect(await store.size("q")).toBe(1);
  });

  test("binds names, whatever is in them", async () => {
    const url = await place();
    const store = await opened(url);
    const names = ["it's", '"quoted"', "q'); DROP TABLE kombu_message; --", "é😀", "q?$1", "a".repeat(200)];
    await store.put(names.flatMap((name) => entries(name, "x")));
    expect(await Promise.all(names.map((name) => store.size(name)))).toEqual(names.map(() => 1));
    expect(bodies(await store.take(names, 10))).toHaveLength(names.length);
    expect(await (await tables(url)).all("SELECT name FROM kombu_queue")).toHaveLength(names.length);
  });

  test("frees what a consumer held that is gone", async () => {
    const url = await place();
    const store = await opened(url);
    const db = await tables(url);
    await store.put(entries("q", "1", "2", "3"));
    const held = await store.take(["q"], 2);
    // What is left of a killed process: claims, and a row that nobody renews.
    await db.run("UPDATE celerity_consumer SET id = 'killed', renewed_at = renewed_at - 3600000");
    await db.run("UPDATE celerity_claim SET consumer = 'killed'");
    const other = await opened(url);
    const freed = await other.take(["q"], 10);
    expect(bodies(freed)).toEqual(["1", "2", "3"]);
    expect(freed.map((message) => message.previousDeliveries)).toEqual([1, 1, 0]);
    expect(JSON.parse(freed[0]?.payload ?? "")).toMatchObject({ redelivered: true });
    // The first one comes back to life: nothing of it is left to settle.
    await store.settle(tags(held), []);
    await store.close();
    expect(await db.all("SELECT id FROM kombu_message")).toHaveLength(3);
  });

  test("leaves alone what a living consumer or a Python worker holds", async () => {
    const url = await place();
    const store = await opened(url, { leaseMs: 1500 });
    const db = await tables(url);
    await store.put(entries("q", "ours", "python's"));
    const held = await store.take(["q"], 2);
    await db.run("DELETE FROM celerity_claim WHERE message_id = ?", [Number(held[1]?.tag)]);
    const [renewed] = await db.all<{ renewed_at: number }>("SELECT renewed_at FROM celerity_consumer");
    const other = await opened(url, { leaseMs: 1500 });
    expect(await other.take(["q"], 10)).toEqual([]);
    // Until several leases later.
    for (;;) {
      const rows = await db.all<{ renewed_at: number }>("SELECT renewed_at FROM celerity_consumer");
      if (rows.every((row) => row.renewed_at > (renewed?.renewed_at ?? 0) + 3000)) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(await other.take(["q"], 10)).toEqual([]);
  });

  test("ends when its lease was lost, and then takes nothing", async () => {
    const url = await place();
    const store = await opened(url, { leaseMs: 150 });
    const db = await tables(url);
    await store.put(entries("q", "1", "2"));
    await store.take(["q"], 1);
    // What another consumer does to one that was stopped for too long.
    await db.run("DELETE FROM celerity_consumer");
    await expect(store.take(["q"], 1)).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(await store.ended).toMatchObject({ code: "broker_unavailable" });
    const other = await opened(url);
    expect(bodies(await other.take(["q"], 10))).toEqual(["1", "2"]);
    await store.close();
  });

  test("ends by itself when its lease was lost", async () => {
    const url = await place();
    const store = await opened(url, { leaseMs: 150 });
    await store.take(["q"], 1);
    await (await tables(url)).run("DELETE FROM celerity_consumer");
    expect(await store.ended).toMatchObject({ code: "broker_unavailable" });
  });

  test("ends when its tables are gone, and makes them anew in its next life", async () => {
    const url = await place();
    const store = await opened(url);
    await (await tables(url)).run("DROP TABLE kombu_message");
    await expect(store.put(entries("q", "1"))).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(await store.ended).toMatchObject({ code: "broker_unavailable" });
    const next = await opened(url);
    await next.put(entries("q", "1"));
    expect(await next.size("q")).toBe(1);
  });

  test("uses the index for the waiting messages", async () => {
    const url = await place();
    const store = await opened(url);
    const db = await tables(url);
    await store.put(entries("q", ...Array.from({ length: 2000 }, () => "x")));
    const sqlite = url.includes("sqlite");
    if (!sqlite) await db.run("ANALYZE");
    const plan = await db.all<Record<string, string>>(
      `EXPLAIN ${sqlite ? "QUERY PLAN" : ""} SELECT id FROM kombu_message
       WHERE queue_id = (SELECT id FROM kombu_queue WHERE name = 'q') AND visible != ${sqlite ? "0" : "false"}
       ORDER BY timestamp, id LIMIT 100`,
    );
    const text = plan.map((row) => Object.values(row).join(" ")).join("\n");
    expect(text).toContain("ix_celerity_waiting");
    expect(text).not.toMatch(/TEMP B-TREE|Sort/);
  });

  test("works beside other tables of its own", async () => {
    const url = await place();
    const plain = await opened(url);
    const named = await opened(url, { queueTablename: "my_queue", messageTablename: "my_message" });
    await plain.put(entries("q", "plain"));
    await named.put(entries("q", "named"));
    expect(bodies(await named.take(["q"], 10))).toEqual(["named"]);
    expect(bodies(await plain.take(["q"], 10))).toEqual(["plain"]);
    await expect(opened(url, { queueTablename: "x; DROP" }).then()).rejects.toMatchObject({
      code: "bad_config",
    });
  });
});

const GOLDEN_DDL = [
  "CREATE TABLE kombu_queue (\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \n\tname VARCHAR(200), \n\tUNIQUE (name)\n)",
  'CREATE TABLE kombu_message (\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \n\tvisible BOOLEAN, \n\ttimestamp DATETIME, \n\tpayload TEXT NOT NULL, \n\tversion SMALLINT NOT NULL, \n\tqueue_id INTEGER, \n\tCONSTRAINT "FK_kombu_message_queue" FOREIGN KEY(queue_id) REFERENCES kombu_queue (id)\n)',
  "CREATE INDEX ix_kombu_message_visible ON kombu_message (visible)",
  "CREATE INDEX ix_kombu_message_timestamp ON kombu_message (timestamp)",
  "CREATE INDEX ix_kombu_message_timestamp_id ON kombu_message (timestamp, id)",
];

test("SQLite's tables are the recorded ones of kombu, byte for byte", async () => {
  const url = `sqlite:///${await sqliteFile()}`;
  await opened(url);
  const rows = await (await tables(url)).all<{ sql: string }>(
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%celerity%' AND name <> 'sqlite_sequence'",
  );
  expect(rows.map((row) => row.sql).toSorted()).toEqual(GOLDEN_DDL.toSorted());
});

test("a full disk refuses messages, and takes them when there is room again", async () => {
  const url = `sqlite:///${await sqliteFile()}`;
  const store = await opened(url);
  const db = await tables(url);
  const [before] = await db.all<{ page_count: number }>("PRAGMA page_count");
  await db.all(`PRAGMA max_page_count = ${(before?.page_count ?? 0) + 2}`);
  const large = entries("q", ...Array.from({ length: 50 }, () => "x".repeat(1000)));
  await expect(store.put(large)).rejects.toMatchObject({ code: "broker_refused" });
  expect(await store.size("q")).toBe(0);
  await db.all("PRAGMA max_page_count = 1000000");
  await store.put(large);
  expect(await store.size("q")).toBe(50);
});

test("what a full disk does not let it give back is given back when there is room again", async () => {
  const url = `sqlite:///${await sqliteFile()}`;
  const store = await opened(url);
  const db = await tables(url);
  const large = entries("q", "x".repeat(500_000));
  await store.put(large);
  const taken = await store.take(["q"], 1);
  const [before] = await db.all<{ page_count: number }>("PRAGMA page_count");
  await db.all(`PRAGMA max_page_count = ${before?.page_count ?? 0}`);
  // This one gets the pages that are free.
  await store.put(large);
  const settled = store.settle([], tags(taken));
  // By then the first attempt has failed.
  await expect(store.put(large)).rejects.toMatchObject({ code: "broker_refused" });
  await db.all("PRAGMA max_page_count = 1000000");
  await settled;
  expect(await store.size("q")).toBe(2);
});

test("bad options and places are told", async () => {
  await expect(opened("sqla+mysql://h/d")).rejects.toMatchObject({ code: "bad_config" });
  await expect(opened("sqlite://", { leaseMs: "soon" })).rejects.toMatchObject({ code: "bad_config" });
  await expect(opened("sqla+sqlite:////nowhere/at/all.db")).rejects.toMatchObject({
    code: "broker_unavailable",
  });
  await expect(opened("sqla+postgresql://nobody@127.0.0.1:1/x")).rejects.toMatchObject({
    code: "broker_unavailable",
  });
});

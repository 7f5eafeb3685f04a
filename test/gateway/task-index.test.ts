import { describe, expect, it, onTestFinished } from "vitest";
import {
  createMemoryTaskIndex,
  createRedisTaskIndex,
  createSqlTaskIndex,
  isTaskCursor,
  type TaskEntry,
  type TaskFilter,
  type TaskIndex,
  type TaskRetention,
} from "../../gateway/index.ts";
import { BackendError } from "../../protocol/index.ts";
import { openTables } from "../../stores/sql/index.ts";
import { postgresUrl, redisUrl, serviceMissing, sqliteFile, startRedis } from "../helpers/services.ts";
import { taskEntry } from "./task-entries.ts";

const START_MS = Date.now();

const entry = (id: string, more: Partial<TaskEntry> = {}): TaskEntry =>
  taskEntry(id, { submittedAtMs: START_MS, ...more });

async function opened(index: TaskIndex): Promise<TaskIndex> {
  onTestFinished(() => index.close());
  await index.open();
  return index;
}

async function ids(index: TaskIndex, filter: Partial<TaskFilter> = {}): Promise<readonly string[]> {
  return (await index.list({ limit: 100, ...filter })).entries.map(({ id }) => id);
}

const warnings: unknown[] = [];
const onWarning = (message: string, error?: unknown): void => void warnings.push(message, error);

type Open = (url: string, retention?: Partial<TaskRetention>) => TaskIndex;
const sql: Open = (url, retention) => createSqlTaskIndex({ url, onWarning, ...retention });
const redis: Open = (url, retention) => createRedisTaskIndex({ url, onWarning, ...retention });
const sqliteUrl = async (): Promise<string> => `sqlite:///${await sqliteFile()}`;

const kept: readonly (readonly [string, boolean, () => Promise<string>, Open])[] = [
  ["SQLite", false, sqliteUrl, sql],
  ["PostgreSQL", serviceMissing("postgres"), postgresUrl, sql],
  ["Redis", serviceMissing("redis"), redisUrl, redis],
];

const places: readonly (readonly [string, boolean, () => Promise<TaskIndex>])[] = [
  ["memory", false, async () => opened(createMemoryTaskIndex())],
  ...kept.map(
    ([name, isMissing, place, open]) => [name, isMissing, async () => opened(open(await place()))] as const,
  ),
];

describe.each(places)("the task index in %s", (_name, isMissing, open) => {
  describe.skipIf(isMissing)("", () => {
    it("finds what was recorded, at once", async () => {
      const index = await open();
      const task = entry("a", {
        etaMs: START_MS + 5,
        ignoreResult: true,
        queue: "fast",
        doneAtMs: START_MS,
        tags: ["one", 'two "quoted", ü \u{1f600}'],
        tenant: "acme",
        owner: "key-1",
        replayedFrom: "z",
      });
      const recorded = index.record([task]);
      expect(await index.find("a")).toEqual(task);
      await recorded;
      expect(await index.find("a")).toEqual(task);
      expect((await index.list({ limit: 1 })).entries).toEqual([task]);
      expect(await index.find("b")).toBeUndefined();
      await index.record([]);
    });

    it("keeps what it knows of an id that is recorded again", async () => {
      const index = await open();
      await index.record([entry("a", { queue: "first" })]);
      await index.record([entry("a", { queue: "second" }), entry("b")]);
      expect((await index.find("a"))?.queue).toBe("first");
      expect(await ids(index)).toEqual(["b", "a"]);
    });

    it("takes note of new states before and after it has written the entry", async () => {
      const index = await open();
      const recorded = index.record([entry("a"), entry("b")]);
      index.update({ id: "a", state: "STARTED", doneAtMs: null, etaMs: START_MS + 9 });
      expect(await index.find("a")).toMatchObject({ state: "STARTED", etaMs: START_MS + 9 });
      await recorded;
      await index.list({ limit: 1 });
      index.update({ id: "a", state: "SUCCESS", doneAtMs: START_MS + 1 });
      index.update({ id: "a", state: "SUCCESS", doneAtMs: START_MS + 1 });
      index.update({ id: "unknown", state: "SUCCESS", doneAtMs: null });
      const after = { state: "SUCCESS", doneAtMs: START_MS + 1, etaMs: START_MS + 9 };
      expect(await index.find("a")).toMatchObject(after);
      expect(await ids(index, { state: "SUCCESS" })).toEqual(["a"]);
      expect(await index.find("a")).toMatchObject(after);
      expect(await index.find("unknown")).toBeUndefined();
      index.update({ id: "a", state: "PENDING", doneAtMs: null });
      await index.list({ limit: 1 });
      expect(await index.find("a")).toMatchObject({ state: "PENDING", doneAtMs: null });
    });

    it("lists the newest first, page by page", async () => {
      const index = await open();
      await index.record(Array.from({ length: 150 }, (_, at) => entry(`t${at}`)));
      const first = await index.list({ limit: 100 });
      expect(first.entries.map(({ id }) => id)).toEqual(
        Array.from({ length: 100 }, (_, at) => `t${149 - at}`),
      );
      // What comes in between does not shift the pages.
      await index.record([entry("late")]);
      expect(isTaskCursor(String(first.next))).toBe(true);
      const second = await index.list({ limit: 100, cursor: String(first.next) });
      expect(second.entries.map(({ id }) => id)).toEqual(
        Array.from({ length: 50 }, (_, at) => `t${49 - at}`),
      );
      expect(second.next).toBeUndefined();
    });

    it("refuses cursors that it did not give", async () => {
      const index = await open();
      for (const cursor of ["", "7", "c", "c-1", "C7", "c7'", "c99999999999", " c7"]) {
        expect(isTaskCursor(cursor)).toBe(false);
        await expect((async () => index.list({ limit: 1, cursor }))()).rejects.toMatchObject({
          code: "bad_body",
        });
      }
    });

    it("filters", async () => {
      const index = await open();
      await index.record([
        entry("a", { task: "x", tags: ["red", "blue"], tenant: "acme", owner: "k1" }),
        entry("b", { task: "y", state: "FAILURE", tags: ["re"], submittedAtMs: START_MS + 1 }),
        entry("c", { task: "x", state: "FAILURE", queue: "fast", submittedAtMs: START_MS + 2 }),
        entry("d", {
          task: "x",
          tags: ['r"ed', 'x","red', "%"],
          tenant: "acme",
          submittedAtMs: START_MS + 3,
        }),
      ]);
      const cases: readonly (readonly [Partial<TaskFilter>, readonly string[]])[] = [
        [{ task: "x" }, ["d", "c", "a"]],
        [{ task: "x", state: "FAILURE" }, ["c"]],
        [{ queue: "fast" }, ["c"]],
        [{ queue: "celery", state: "PENDING" }, ["d", "a"]],
        [{ tag: "red" }, ["a"]],
        [{ tag: "re" }, ["b"]],
        [{ tag: 'r"ed' }, ["d"]],
        [{ tag: "%" }, ["d"]],
        [{ tag: "none" }, []],
        [{ tenant: "acme" }, ["d", "a"]],
        [{ tenant: "acme", owner: "k1" }, ["a"]],
        [{ owner: "acme" }, []],
        [{ sinceMs: START_MS + 1 }, ["d", "c", "b"]],
        [{ untilMs: START_MS + 1 }, ["a"]],
        [{ sinceMs: START_MS + 1, untilMs: START_MS + 3 }, ["c", "b"]],
        [{ q: "X" }, ["d", "c", "a"]],
        [{ q: "B" }, ["b"]],
        [{ q: "%" }, []],
        [{ q: "x", state: "FAILURE" }, ["c"]],
      ];
      for (const [filter, found] of cases)
        expect([filter, await ids(index, filter)]).toEqual([filter, found]);
      const page = await index.list({ limit: 1, task: "x", state: "PENDING" });
      expect(page.entries.map(({ id }) => id)).toEqual(["d"]);
      const next = await index.list({ limit: 1, task: "x", state: "PENDING", cursor: String(page.next) });
      expect(next.entries.map(({ id }) => id)).toEqual(["a"]);
      expect(next.next).toBeUndefined();
    });

    it("finds by the beginning of an id and by any part of a name, in capitals or not", async () => {
      const index = await open();
      await index.record([
        entry("0d7f-1", { task: "shop.Mail_Send" }),
        entry("ABC-2", { task: "shop.größe" }),
        entry("x-0d7f", { task: "other" }),
      ]);
      const cases: readonly (readonly [string, readonly string[]])[] = [
        ["0D7F", ["0d7f-1"]],
        ["abc", ["ABC-2"]],
        ["mail_", ["0d7f-1"]],
        ["MAIL%", []],
        ["SHOP.", ["ABC-2", "0d7f-1"]],
        ["größe", ["ABC-2"]],
        ["GRößE", ["ABC-2"]],
        ["'", []],
      ];
      for (const [q, found] of cases) expect([q, await ids(index, { q })]).toEqual([q, found]);
    });

    it("takes a gateway's word for more than what was observed, but for its state", async () => {
      const index = await open();
      const observed = entry("a", { origin: "observed", queue: "", state: "STARTED" });
      const accepted = entry("a", { tags: ["t"], tenant: "acme", owner: "k1", submittedAtMs: START_MS - 1 });
      await index.record([observed]);
      expect(await index.find("a")).toEqual(observed);
      await index.record([accepted, entry("b")]);
      expect(await index.find("a")).toEqual({ ...accepted, state: "STARTED" });
      await index.record([observed, entry("b", { origin: "observed", queue: "other" })]);
      await index.record([entry("a", { owner: "k2" })]);
      expect(await index.find("a")).toEqual({ ...accepted, state: "STARTED" });
      expect(await index.find("b")).toEqual(entry("b"));
      // The same before anything is written.
      const both = [
        index.record([entry("c", { origin: "observed", state: "SUCCESS", doneAtMs: START_MS })]),
        index.record([entry("c", { owner: "k3" })]),
      ];
      const merged = entry("c", { owner: "k3", state: "SUCCESS", doneAtMs: START_MS });
      expect(await index.find("c")).toEqual(merged);
      await Promise.all(both);
      expect(await index.find("c")).toEqual(merged);
      expect(await ids(index, { owner: "k3" })).toEqual(["c"]);
    });

    it("does not let a task that has ended begin by what is heard late", async () => {
      const index = await open();
      await index.record([entry("a"), entry("b")]);
      const late = { state: "STARTED", doneAtMs: null, unlessDone: true } as const;
      index.update({ id: "a", ...late });
      index.update({ id: "b", state: "SUCCESS", doneAtMs: START_MS });
      index.update({ id: "b", ...late });
      const now = async (): Promise<readonly (string | undefined)[]> => [
        (await index.find("a"))?.state,
        (await index.find("b"))?.state,
      ];
      expect(await now()).toEqual(["STARTED", "SUCCESS"]);
      await index.list({ limit: 1 });
      index.update({ id: "b", ...late });
      expect(await now()).toEqual(["STARTED", "SUCCESS"]);
      await index.list({ limit: 1 });
      expect(await now()).toEqual(["STARTED", "SUCCESS"]);
      index.update({ id: "b", ...late });
      index.update({ id: "b", state: "PENDING", doneAtMs: null });
      await index.list({ limit: 1 });
      expect(await now()).toEqual(["STARTED", "PENDING"]);
      expect(await index.find("b")).toEqual(entry("b"));
    });

    it("finds the few among many, page by page", async () => {
      const index = await open();
      const count = 5000;
      await index.record([entry("first", { tenant: "rare" })]);
      for (let at = 0; at < count; at += 500) {
        await index.record(Array.from({ length: 500 }, (_, more) => entry(`t${at + more}`)));
      }
      await index.record([entry("last", { tenant: "rare" })]);
      const found: string[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = await index.list({
          limit: 10,
          tenant: "rare",
          ...(cursor === undefined ? {} : { cursor }),
        });
        found.push(...page.entries.map(({ id }) => id));
        cursor = page.next;
        pages += 1;
      } while (cursor !== undefined && pages < 10);
      expect(found).toEqual(["last", "first"]);
      expect(pages).toBeLessThan(10);
    });
  });
});

describe("the task index in memory", () => {
  it("keeps the newest entries", async () => {
    const index = await opened(createMemoryTaskIndex({ maxEntries: 3 }));
    await index.record(["a", "b", "c", "d"].map((id) => entry(id)));
    expect(await index.find("a")).toBeUndefined();
    expect(await ids(index)).toEqual(["d", "c", "b"]);
    await index.record([entry("a", { queue: "again" })]);
    expect((await index.find("a"))?.queue).toBe("again");
    expect(await index.find("b")).toBeUndefined();
  });
});

describe.each(kept)("the task index in %s, beyond the process", (_name, isMissing, place, open) => {
  it.skipIf(isMissing)("outlives the process", async () => {
    const url = await place();
    const before = open(url);
    await before.record([entry("a"), entry("b", { state: "SUCCESS", doneAtMs: START_MS })]);
    before.update({ id: "a", state: "FAILURE", doneAtMs: START_MS });
    await before.close();
    await before.close();
    const after = await opened(open(url));
    expect(await after.find("a")).toEqual(entry("a", { state: "FAILURE", doneAtMs: START_MS }));
    expect(await ids(after)).toEqual(["b", "a"]);
  });

  it.skipIf(isMissing)("is shared: each finds and lists what the others recorded", async () => {
    const url = await place();
    const [one, other] = await Promise.all([opened(open(url)), opened(open(url))]);
    await Promise.all([
      ...Array.from({ length: 20 }, (_, at) => one.record([entry(`one${at}`)])),
      ...Array.from({ length: 20 }, (_, at) => other.record([entry(`other${at}`), entry("both")])),
      one.record([entry("both")]),
    ]);
    expect(await one.find("other7")).toEqual(entry("other7"));
    expect(await other.find("one7")).toEqual(entry("one7"));
    const listed = await ids(one);
    expect(listed).toHaveLength(41);
    expect(await ids(other)).toEqual(listed);
    one.update({ id: "other7", state: "SUCCESS", doneAtMs: START_MS });
    await expect.poll(async () => (await other.find("other7"))?.state, { timeout: 10_000 }).toBe("SUCCESS");
    expect(await ids(other, { state: "SUCCESS" })).toEqual(["other7"]);
  });

  it.skipIf(isMissing)("keeps the newest entries only", async () => {
    const url = await place();
    const index = await opened(open(url, { maxEntries: 50 }));
    for (let at = 0; at < 3000; at += 100) {
      await index.record(Array.from({ length: 100 }, (_, more) => entry(`t${at + more}`)));
    }
    await index.close();
    const last = await opened(open(url, { maxEntries: 50 }));
    // Entries are removed some time after others are written.
    const left = async (): Promise<readonly string[]> => {
      await last.record([entry("last")]);
      return ids(last);
    };
    await expect.poll(async () => (await left()).length).toBeLessThanOrEqual(51);
    expect((await left()).slice(0, 3)).toEqual(["last", "t2999", "t2998"]);
    expect(await last.find("t0")).toBeUndefined();
  });
});

describe("the task index in a database", () => {
  it("drops what is too old", async () => {
    const url = await sqliteUrl();
    const first = sql(url);
    await first.record([entry("old", { submittedAtMs: START_MS - 100_000 }), entry("a")]);
    await first.close();
    // An index removes entries with its first writing, and then from time to time.
    const second = await opened(sql(url, { maxAgeSeconds: 60 }));
    await second.record([entry("b")]);
    expect(await ids(second)).toEqual(["b", "a"]);
  });

  it("goes on with a table of an older version", async () => {
    const url = await sqliteUrl();
    const database = await openTables(url, () => [
      {
        name: "celerity_gateway_tasks",
        ddl: `CREATE TABLE celerity_gateway_tasks (seq INTEGER PRIMARY KEY, id VARCHAR(155) NOT NULL UNIQUE,
          task VARCHAR(255) NOT NULL, queue VARCHAR(255) NOT NULL, state VARCHAR(255) NOT NULL,
          submitted_at BIGINT NOT NULL, done_at BIGINT, eta BIGINT, ignore_result SMALLINT NOT NULL)`,
      },
    ]);
    await database.run(
      "INSERT INTO celerity_gateway_tasks (id, task, queue, state, submitted_at, ignore_result) VALUES (?, ?, ?, ?, ?, ?)",
      ["old", "examples.add", "celery", "PENDING", START_MS, 0],
    );
    await database.close();
    const index = await opened(sql(url));
    await index.record([entry("new", { tags: ["t"] })]);
    expect(await index.find("old")).toEqual(entry("old"));
    expect(await ids(index)).toEqual(["new", "old"]);
    expect(await ids(index, { tag: "t" })).toEqual(["new"]);
  });

  it("says at once that its folder does not exist", async () => {
    const index = sql("sqlite:////nowhere/at/all/gateway.db");
    await expect(index.open()).rejects.toBeInstanceOf(BackendError);
    await expect(index.record([entry("a")])).rejects.toMatchObject({ code: "backend_unavailable" });
    index.update({ id: "a", state: "SUCCESS", doneAtMs: START_MS });
    await index.close();
    expect(warnings).toContain("New states of tasks could not be noted");
  });
});

describe("the task index in Redis", () => {
  it("forgets what is too old", async () => {
    const url = await redisUrl();
    const index = await opened(redis(url, { maxAgeSeconds: 1 }));
    await index.record([entry("a"), entry("b")]);
    await expect.poll(() => ids(index), { timeout: 10_000 }).toEqual([]);
    expect(await index.find("a")).toBeUndefined();
  });

  it("refuses while Redis is away, and works again afterwards", async () => {
    const server = await startRedis();
    const index = await opened(redis(server.url));
    await index.record([entry("a")]);
    await server.kill();
    await expect(index.record([entry("b")])).rejects.toMatchObject({ code: "backend_unavailable" });
    await expect(index.find("a")).rejects.toBeInstanceOf(BackendError);
    await server.restart();
    await index.record([entry("c")]);
    expect(await ids(index)).toEqual(["c", "a"]);
  });
});

import { describe, expect, it, onTestFinished } from "vitest";
import {
  createMemoryTaskIndex,
  createSqlTaskIndex,
  type TaskEntry,
  type TaskIndex,
} from "../../gateway/index.ts";
import { postgresUrl, serviceMissing, sqliteFile } from "../helpers/services.ts";

const START_MS = Date.now();

function entry(id: string, more: Partial<TaskEntry> = {}): TaskEntry {
  return {
    id,
    task: "examples.add",
    queue: "celery",
    state: "PENDING",
    submittedAtMs: START_MS,
    doneAtMs: null,
    etaMs: null,
    ignoreResult: false,
    ...more,
  };
}

async function opened(index: TaskIndex): Promise<TaskIndex> {
  onTestFinished(() => index.close());
  await index.open();
  return index;
}

const warnings: unknown[] = [];
const onWarning = (message: string, error?: unknown): void => void warnings.push(message, error);

const places: readonly (readonly [string, (maxEntries?: number) => Promise<TaskIndex>])[] = [
  [
    "memory",
    async (maxEntries) => opened(createMemoryTaskIndex(maxEntries === undefined ? {} : { maxEntries })),
  ],
  ["SQLite", async () => opened(createSqlTaskIndex({ url: `sqlite:///${await sqliteFile()}`, onWarning }))],
  ["PostgreSQL", async () => opened(createSqlTaskIndex({ url: await postgresUrl(), onWarning }))],
];

describe.each(places)("the task index in %s", (name, open) => {
  describe.skipIf(name === "PostgreSQL" && serviceMissing("postgres"))("", () => {
    it("finds what was recorded, at once", async () => {
      const index = await open();
      const task = entry("a", { etaMs: START_MS + 5, ignoreResult: true, queue: "fast", doneAtMs: START_MS });
      index.record([task]);
      expect(await index.find("a")).toEqual(task);
      expect(await index.find("b")).toBeUndefined();
    });

    it("takes note of new states before and after it has written the entry", async () => {
      const index = await open();
      index.record([entry("a"), entry("b")]);
      index.update({ id: "a", state: "STARTED", doneAtMs: null });
      expect((await index.find("a"))?.state).toBe("STARTED");
      await index.list({ limit: 1 });
      index.update({ id: "a", state: "SUCCESS", doneAtMs: START_MS + 1 });
      index.update({ id: "unknown", state: "SUCCESS", doneAtMs: null });
      expect(await index.find("a")).toMatchObject({ state: "SUCCESS", doneAtMs: START_MS + 1 });
      expect((await index.list({ limit: 9, state: "SUCCESS" })).entries.map(({ id }) => id)).toEqual(["a"]);
      expect(await index.find("unknown")).toBeUndefined();
    });

    it("lists the newest first, page by page", async () => {
      const index = await open();
      index.record(Array.from({ length: 150 }, (_, at) => entry(`t${at}`)));
      const first = await index.list({ limit: 100 });
      expect(first.entries.map(({ id }) => id)).toEqual(
        Array.from({ length: 100 }, (_, at) => `t${149 - at}`),
      );
      // What comes in between does not shift the pages.
      index.record([entry("late")]);
      const second = await index.list({ limit: 100, cursor: String(first.next) });
      expect(second.entries.map(({ id }) => id)).toEqual(
        Array.from({ length: 50 }, (_, at) => `t${49 - at}`),
      );
      expect(second.next).toBeUndefined();
    });

    it("filters by task and state", async () => {
      const index = await open();
      index.record([
        entry("a", { task: "x" }),
        entry("b", { task: "y", state: "FAILURE" }),
        entry("c", { task: "x", state: "FAILURE" }),
        entry("d", { task: "x" }),
      ]);
      expect((await index.list({ limit: 9, task: "x" })).entries.map(({ id }) => id)).toEqual([
        "d",
        "c",
        "a",
      ]);
      expect(
        (await index.list({ limit: 9, task: "x", state: "FAILURE" })).entries.map(({ id }) => id),
      ).toEqual(["c"]);
      const page = await index.list({ limit: 1, task: "x", state: "PENDING" });
      expect(page.entries.map(({ id }) => id)).toEqual(["d"]);
      const next = await index.list({ limit: 1, task: "x", state: "PENDING", cursor: String(page.next) });
      expect(next.entries.map(({ id }) => id)).toEqual(["a"]);
      expect(next.next).toBeUndefined();
    });
  });
});

describe("the task index in memory", () => {
  it("keeps the newest entries", async () => {
    const index = await opened(createMemoryTaskIndex({ maxEntries: 3 }));
    index.record(["a", "b", "c", "d"].map((id) => entry(id)));
    expect(await index.find("a")).toBeUndefined();
    index.record([entry("c", { queue: "again" })]);
    expect((await index.list({ limit: 9 })).entries.map(({ id }) => id)).toEqual(["c", "d", "c"]);
    index.record([entry("e")]);
    expect((await index.find("c"))?.queue).toBe("again");
  });
});

describe("the task index in a database", () => {
  it("outlives the process", async () => {
    const url = `sqlite:///${await sqliteFile()}`;
    const before = createSqlTaskIndex({ url, onWarning });
    before.record([entry("a"), entry("b", { state: "SUCCESS", doneAtMs: START_MS })]);
    before.update({ id: "a", state: "FAILURE", doneAtMs: START_MS });
    await before.close();
    await before.close();
    const after = await opened(createSqlTaskIndex({ url, onWarning }));
    expect(await after.find("a")).toEqual(entry("a", { state: "FAILURE", doneAtMs: START_MS }));
    expect((await after.list({ limit: 9 })).entries.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("drops what is too much and what is too old", async () => {
    const url = `sqlite:///${await sqliteFile()}`;
    const first = createSqlTaskIndex({ url, onWarning });
    first.record([
      entry("old", { submittedAtMs: START_MS - 100_000 }),
      ...["a", "b", "c"].map((id) => entry(id)),
    ]);
    await first.close();
    // An index removes entries with its first writing, and then once a minute.
    const byAge = createSqlTaskIndex({ url, maxAgeSeconds: 60, onWarning });
    byAge.record([entry("d")]);
    expect((await byAge.list({ limit: 9 })).entries.map(({ id }) => id)).toEqual(["d", "c", "b", "a"]);
    await byAge.close();
    const byCount = await opened(createSqlTaskIndex({ url, maxEntries: 2, onWarning }));
    byCount.record([entry("e")]);
    expect((await byCount.list({ limit: 9 })).entries.map(({ id }) => id)).toEqual(["e", "d"]);
  });

  it("says at once that its folder does not exist", async () => {
    const index = createSqlTaskIndex({ url: "sqlite:////nowhere/at/all/gateway.db", onWarning });
    await expect(index.open()).rejects.toThrow();
  });
});

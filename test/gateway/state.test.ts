import { symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createSweep } from "../../gateway/state/memory/sweep.ts";
import { createStateStore } from "../../gateway/state/open-state.ts";
import { RedisState } from "../../gateway/state/redis/connection.ts";
import { RedisRecords } from "../../gateway/state/redis/records.ts";
import { createRedisState } from "../../gateway/state/redis/redis-state.ts";
import { sweepExpired } from "../../gateway/state/sql/sweep.ts";
import { COUNTERS, RECORDS, stateTables } from "../../gateway/state/sql/tables.ts";
import type { AgendaEntry, KeyedRecords, StateStore } from "../../gateway/state/state-store.ts";
import { createSweeper } from "../../gateway/state/sweeper.ts";
import { BackendError, ConfigurationError } from "../../protocol/index.ts";
import { openTables } from "../../stores/sql/index.ts";
import {
  postgresUrl,
  redisUrl,
  serviceMissing,
  sqliteFile,
  startRedis,
  temporaryFolder,
} from "../helpers/services.ts";

const MINUTE_MS = 60_000;
/** The longest that anything here may take on a slow machine. */
const PATIENCE = { timeout: 10_000 };
const ODD = 'ü "quoted" \\ \u0001 \u2028 \u{1f600} \u{10ffff} %_*?[x] \n\t end';

function onWarning(message: string, error?: unknown): void {
  throw new Error(message, { cause: error });
}

async function opened(store: StateStore): Promise<StateStore> {
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** URLs of places; undefined for memory, which one store has for itself. */
const places: readonly (readonly [string, boolean, () => Promise<string | undefined>])[] = [
  ["memory", false, async () => undefined],
  ["SQLite", false, async () => `sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", serviceMissing("postgres"), postgresUrl],
  ["Redis", serviceMissing("redis"), redisUrl],
];

const open = (url: string | undefined): Promise<StateStore> =>
  opened(createStateStore({ onWarning, ...(url === undefined ? {} : { url }) }));

describe.each(places)("the state in %s", (_name, isMissing, place) => {
  const openOne = async (): Promise<StateStore> => open(await place());

  describe.skipIf(isMissing).each(["records", "unlisted"] as const)("keeps %s", (shape) => {
    const openRecords = async (): Promise<KeyedRecords> => (await openOne())[shape];

    it("under a kind and a key", async () => {
      const records = await openRecords();
      expect(await records.get("kind", "key")).toBeUndefined();
      const version = await records.put("kind", "key", '"one"');
      expect(await records.get("kind", "key")).toEqual({
        key: "key",
        value: '"one"',
        version,
        expiresAtMs: null,
      });
      expect(await records.get("other", "key")).toBeUndefined();
      const expiresAtMs = Date.now() + MINUTE_MS;
      const next = await records.put("kind", "key", '"two"', { expiresAtMs });
      expect(next).toBeGreaterThan(version ?? Number.POSITIVE_INFINITY);
      expect(await records.get("kind", "key")).toEqual({
        key: "key",
        value: '"two"',
        version: next,
        expiresAtMs,
      });
      await records.put("kind", "key", '"three"');
      expect((await records.get("kind", "key"))?.expiresAtMs).toBeNull();
      expect(await records.delete("kind", "key")).toBe(true);
      expect(await records.delete("kind", "key")).toBe(false);
      expect(await records.get("kind", "key")).toBeUndefined();
    });

    it("exactly, whatever is in them", async () => {
      const records = await openRecords();
      const large = JSON.stringify("é😀x".repeat(250_000));
      const values: readonly (readonly [string, string])[] = [
        ["large", large],
        ["empty", ""],
        [" space : and {braces} ", " leading and trailing "],
        [ODD, JSON.stringify(ODD)],
        ["half", JSON.stringify("\ud83d alone, and \0")],
        ["x".repeat(512), "[]"],
        ["\u{1f600}".repeat(256), "{}"],
      ];
      for (const [key, value] of values) await records.put("odd", key, value);
      for (const [key, value] of values) expect((await records.get("odd", key))?.value).toBe(value);
    });

    it("and adds only where there is none", async () => {
      const records = await openRecords();
      expect(await records.add("kind", "key", "1")).toBeUndefined();
      const standing = await records.get("kind", "key");
      expect(await records.add("kind", "key", "2")).toEqual(standing);
      expect(standing?.value).toBe("1");
    });

    it("many at once, whatever stands there", async () => {
      const records = await openRecords();
      const expiresAtMs = Date.now() + MINUTE_MS;
      const stale = await records.put("kind", "key 7", "old", { expiresAtMs });
      const many = Array.from({ length: 300 }, (_, at) => ({
        key: `key ${at}`,
        value: at === 8 ? "x".repeat(300_000) : `"${at}"`,
        ...(at % 2 === 0 ? {} : { expiresAtMs: expiresAtMs + at }),
      }));
      await records.putAll("kind", []);
      await records.putAll("kind", many);
      for (const { key, value, ...times } of many)
        expect(await records.get("kind", key)).toMatchObject({ value, expiresAtMs: null, ...times });
      expect((await records.get("kind", "key 7"))?.version).toBeGreaterThan(Number(stale));
      await records.putAll("kind", [{ key: "key 7", value: "1" }]);
      expect(await records.get("kind", "key 7")).toMatchObject({ value: "1", expiresAtMs: null });
    });

    it("of which many are added in one turn, each as if it were alone", async () => {
      const records = await openRecords();
      await records.add("kind", "there", "1");
      const expired = { expiresAtMs: Date.now() - 1 };
      await records.put("kind", "expired", "old", expired);
      const keys = ["a", "there", "b", "a", "expired", "b"];
      const standing = await Promise.all(keys.map((key, at) => records.add("kind", key, `"${at}"`)));
      expect(standing.map((record) => record?.value)).toEqual([
        undefined,
        "1",
        undefined,
        '"0"',
        undefined,
        '"2"',
      ]);
    });

    it("and compares before it sets", async () => {
      const records = await openRecords();
      expect(await records.put("kind", "key", "1", { ifVersion: 7 })).toBeUndefined();
      const first = await records.put("kind", "key", "1", { ifVersion: 0 });
      expect(await records.put("kind", "key", "x", { ifVersion: 0 })).toBeUndefined();
      const second = await records.put("kind", "key", "2", { ifVersion: Number(first) });
      expect(await records.put("kind", "key", "x", { ifVersion: Number(first) })).toBeUndefined();
      expect(await records.delete("kind", "key", { ifVersion: Number(first) })).toBe(false);
      expect((await records.get("kind", "key"))?.value).toBe("2");
      expect(await records.delete("kind", "key", { ifVersion: Number(second) })).toBe(true);
      // A new record is not the old one.
      const anew = await records.put("kind", "key", "3");
      expect([first, second]).not.toContain(anew);
    });

    it("until they expire", async () => {
      const records = await openRecords();
      const past = Date.now() - 1;
      const version = await records.put("kind", "key", "1", { expiresAtMs: past });
      expect(await records.get("kind", "key")).toBeUndefined();
      expect(await records.delete("kind", "key")).toBe(false);
      expect(await records.put("kind", "key", "x", { ifVersion: Number(version) })).toBeUndefined();
      expect(await records.add("kind", "key", "2")).toBeUndefined();
      expect(await records.get("kind", "key")).toMatchObject({ value: "2", expiresAtMs: null });
      await records.put("kind", "key", "3", { expiresAtMs: past });
      expect(await records.put("kind", "key", "4", { ifVersion: 0 })).toBeGreaterThan(Number(version));
      const soon = Date.now() + 100;
      await records.add("kind", "soon", "1", { expiresAtMs: soon });
      await expect.poll(() => records.get("kind", "soon"), PATIENCE).toBeUndefined();
      expect(Date.now()).toBeGreaterThanOrEqual(soon);
    });
  });

  describe.skipIf(isMissing)("lists records", () => {
    it("by prefix, in the order of code points", async () => {
      const { records } = await openOne();
      const keys = [
        "B",
        "a",
        "a%",
        "a%b",
        "a*",
        "a:b",
        "a_",
        "aa",
        "a\u{ffee}",
        "a\u{1f600}",
        "a\u{10ffff}",
        "b",
        "ä",
      ];
      for (const key of [...keys].reverse()) await records.put("kind", key, JSON.stringify(key));
      await records.put("kind", "a gone", "1", { expiresAtMs: Date.now() - 1 });
      await records.put("kine", "a", "1");
      const list = async (options: object): Promise<readonly string[]> =>
        (await records.list("kind", { limit: 100, ...options })).map(({ key }) => key);
      expect(await list({})).toEqual(keys);
      expect(await list({ prefix: "a" })).toEqual(keys.slice(1, 11));
      expect(await list({ prefix: "a%" })).toEqual(["a%", "a%b"]);
      expect(await list({ prefix: "a_" })).toEqual(["a_"]);
      expect(await list({ prefix: "a\u{10ffff}" })).toEqual(["a\u{10ffff}"]);
      expect(await list({ prefix: "c" })).toEqual([]);
      expect(await list({ prefix: "a", limit: 2 })).toEqual(["a", "a%"]);
      expect(await list({ prefix: "a", after: "a%", limit: 2 })).toEqual(["a%b", "a*"]);
      expect(await list({ prefix: "aa", after: "B" })).toEqual(["aa"]);
      expect(await list({ prefix: "a", after: "b" })).toEqual([]);
      const many = Array.from({ length: 300 }, (_, at) => ({ key: String(at), value: "1" }));
      await records.putAll("many", many);
      expect(await records.list("many", { limit: 1000 })).toHaveLength(300);
      // A page is full though some of what lies between has expired.
      const limit = keys.length;
      for (const key of ["a1", "a2", "a3"]) await records.put("kind", key, "1", { expiresAtMs: 1 });
      expect(await list({ limit })).toEqual(keys);
    });
  });

  describe.skipIf(isMissing)("keeps an agenda", () => {
    const nowMs = 1_800_000_000_000;
    const entry = (id: string, dueAtMs: number, value = `"${id}"`): AgendaEntry => ({ id, dueAtMs, value });
    const claimAt = { nowMs, leaseMs: 1000, limit: 10 };

    it("whose entries are claimed when they are due, the earliest first", async () => {
      const { agenda } = await openOne();
      expect(await agenda.summary("topic")).toEqual({ count: 0, nextDueAtMs: null });
      expect(await agenda.claim("topic", claimAt)).toEqual([]);
      for (const [id, at] of [
        ["c", 0],
        ["a", -2],
        [ODD, -1],
        ["later", 1],
      ] as const) {
        await agenda.put("topic", entry(id, nowMs + at, JSON.stringify(ODD + id)));
      }
      await agenda.put("other", entry("a", nowMs - 9));
      expect(await agenda.summary("topic")).toEqual({ count: 4, nextDueAtMs: nowMs - 2 });
      const first = await agenda.claim("topic", { ...claimAt, limit: 2 });
      expect(first).toEqual([
        { id: "a", dueAtMs: nowMs - 2, value: JSON.stringify(`${ODD}a`), claim: expect.any(String) },
        { id: ODD, dueAtMs: nowMs - 1, value: JSON.stringify(ODD + ODD), claim: expect.any(String) },
      ]);
      expect((await agenda.claim("topic", claimAt)).map(({ id }) => id)).toEqual(["c"]);
      expect(await agenda.claim("topic", claimAt)).toEqual([]);
      expect(await agenda.get("topic", "a")).toEqual(entry("a", nowMs + 1000, JSON.stringify(`${ODD}a`)));
      expect(await agenda.get("topic", "nobody")).toBeUndefined();
    });

    it("whose entries may be empty", async () => {
      const { agenda } = await openOne();
      await agenda.put("topic", entry("a", nowMs, ""));
      expect(await agenda.get("topic", "a")).toEqual(entry("a", nowMs, ""));
      const [claimed] = await agenda.claim("topic", claimAt);
      expect(claimed).toMatchObject({ id: "a", value: "" });
      expect(claimed && (await agenda.postpone("topic", claimed, { dueAtMs: nowMs, value: "" }))).toBe(true);
      expect(await agenda.remove("topic", "a", nowMs)).toEqual(entry("a", nowMs, ""));
    });

    it("from which claimed entries are settled, or postponed", async () => {
      const { agenda } = await openOne();
      await agenda.put("topic", entry("a", nowMs));
      await agenda.put("topic", entry("b", nowMs));
      const [a, b] = await agenda.claim("topic", claimAt);
      if (a === undefined || b === undefined) throw new Error("Not claimed");
      expect(await agenda.settle("topic", a)).toBe(true);
      expect(await agenda.settle("topic", a)).toBe(false);
      expect(await agenda.postpone("topic", b, { dueAtMs: nowMs + 5, value: ODD })).toBe(true);
      expect(await agenda.settle("topic", b)).toBe(false);
      expect(await agenda.postpone("topic", b, { dueAtMs: nowMs, value: "x" })).toBe(false);
      expect(await agenda.claim("topic", claimAt)).toEqual([]);
      expect(await agenda.claim("topic", { ...claimAt, nowMs: nowMs + 5 })).toMatchObject([
        { id: "b", dueAtMs: nowMs + 5, value: ODD },
      ]);
    });

    it("whose entries pass to another when a lease ends", async () => {
      const { agenda } = await openOne();
      await agenda.put("topic", entry("a", nowMs));
      const [first] = await agenda.claim("topic", claimAt);
      expect(await agenda.claim("topic", { ...claimAt, nowMs: nowMs + 999 })).toEqual([]);
      const [second] = await agenda.claim("topic", { ...claimAt, nowMs: nowMs + 1000 });
      if (first === undefined || second === undefined) throw new Error("Not claimed");
      expect(second).toMatchObject({ id: "a", value: '"a"' });
      expect(await agenda.settle("topic", first)).toBe(false);
      expect(await agenda.postpone("topic", first, { dueAtMs: nowMs, value: "x" })).toBe(false);
      expect(await agenda.settle("topic", second)).toBe(true);
    });

    it("whose entries can be replaced, changed and removed, but not from under who works on them", async () => {
      const { agenda } = await openOne();
      expect(await agenda.change("topic", entry("a", nowMs), nowMs)).toBe(false);
      expect(await agenda.remove("topic", "a", nowMs)).toBeUndefined();
      await agenda.put("topic", entry("a", nowMs));
      expect(await agenda.change("topic", entry("a", nowMs + 10, "1"), nowMs)).toBe(true);
      expect(await agenda.get("topic", "a")).toEqual(entry("a", nowMs + 10, "1"));
      const [claimed] = await agenda.claim("topic", { ...claimAt, nowMs: nowMs + 10 });
      if (claimed === undefined) throw new Error("Not claimed");
      expect(await agenda.change("topic", entry("a", nowMs), nowMs + 11)).toBe(false);
      expect(await agenda.remove("topic", "a", nowMs + 11)).toBeUndefined();
      expect(await agenda.change("topic", entry("a", nowMs + 5000, "2"), nowMs + 1010)).toBe(true);
      expect(await agenda.settle("topic", claimed)).toBe(false);
      expect(await agenda.remove("topic", "a", nowMs)).toEqual(entry("a", nowMs + 5000, "2"));
      await agenda.put("topic", entry("a", nowMs));
      const [again] = await agenda.claim("topic", claimAt);
      await agenda.put("topic", entry("a", nowMs, "3"));
      expect(again && (await agenda.settle("topic", again))).toBe(false);
      expect(await agenda.claim("topic", claimAt)).toMatchObject([{ id: "a", value: "3" }]);
      // Nobody does what was claimed and then abandoned.
      expect(await agenda.remove("topic", "a", nowMs + 1000)).toMatchObject({ id: "a" });
      expect((await agenda.summary("topic")).count).toBe(0);
    });
  });

  describe.skipIf(isMissing)("keeps a feed", () => {
    it("whose entries have growing ids and are read in order", async () => {
      const { feed } = await openOne();
      expect(await feed.newest("topic")).toBe(0);
      expect(await feed.read("topic", { after: 0, limit: 9 })).toEqual([]);
      const ids: number[] = [];
      for (const value of ["1", JSON.stringify(ODD), "3"]) ids.push(await feed.append("topic", value, 10));
      expect(ids.every(Number.isSafeInteger)).toBe(true);
      expect([...ids].sort((one, other) => one - other)).toEqual(ids);
      expect(new Set(ids).size).toBe(3);
      const all = ids.map((id, at) => ({ id, value: ["1", JSON.stringify(ODD), "3"][at] }));
      expect(await feed.read("topic", { after: 0, limit: 9 })).toEqual(all);
      expect(await feed.read("topic", { after: 0, limit: 2 })).toEqual(all.slice(0, 2));
      expect(await feed.read("topic", { after: ids[0] ?? 0, limit: 9 })).toEqual(all.slice(1));
      expect(await feed.read("topic", { after: ids[2] ?? 0, limit: 9 })).toEqual([]);
      expect(await feed.newest("topic")).toBe(ids[2]);
      expect(await feed.newest("other")).toBe(0);
    });

    it("of the newest entries", async () => {
      const { feed } = await openOne();
      const count = 400;
      await Promise.all(Array.from({ length: count }, (_, at) => feed.append("topic", String(at), 20)));
      const entries = await feed.read("topic", { after: 0, limit: count });
      expect(entries.length).toBeGreaterThanOrEqual(20);
      expect(entries.length).toBeLessThan(300);
      expect(entries.at(-1)?.id).toBe(await feed.newest("topic"));
    });

    it("that tells who watches", async () => {
      const { feed } = await openOne();
      let heard = 0;
      const stop = feed.watch("topic", () => {
        heard += 1;
      });
      await feed.append("topic", "1", 9);
      await expect.poll(() => heard, PATIENCE).toBeGreaterThan(0);
      stop();
      stop();
      const before = heard;
      await feed.append("topic", "2", 9);
      let other = 0;
      const stopOther = feed.watch("topic", () => {
        other += 1;
      });
      await feed.append("topic", "3", 9);
      await expect.poll(() => other, PATIENCE).toBeGreaterThan(0);
      stopOther();
      expect(heard).toBe(before);
    });
  });

  describe.skipIf(isMissing)("counts", () => {
    const nowMs = 1_800_000_000_000;
    const limit = { limit: 10, windowMs: 60_000 };

    it("in windows that begin with the first take", async () => {
      const { counters } = await openOne();
      expect(await counters.take("key", 0, limit, nowMs)).toEqual({ taken: true, remaining: 10, resetMs: 0 });
      expect(await counters.take("key", 11, limit, nowMs)).toEqual({
        taken: false,
        remaining: 10,
        resetMs: 0,
      });
      expect(await counters.take("key", 4, limit, nowMs)).toEqual({
        taken: true,
        remaining: 6,
        resetMs: 60_000,
      });
      expect(await counters.take("key", 7, limit, nowMs + 1)).toEqual({
        taken: false,
        remaining: 6,
        resetMs: 59_999,
      });
      expect(await counters.take("key", 6, limit, nowMs + 2)).toEqual({
        taken: true,
        remaining: 0,
        resetMs: 59_998,
      });
      expect(await counters.take("key", 1, limit, nowMs + 59_999)).toMatchObject({
        taken: false,
        resetMs: 1,
      });
      expect(await counters.take(`key ${ODD}`, 1, limit, nowMs)).toMatchObject({ taken: true, remaining: 9 });
      expect(await counters.take("key", 1, limit, nowMs + 60_000)).toEqual({
        taken: true,
        remaining: 9,
        resetMs: 60_000,
      });
      expect(await counters.take("key", 0, { ...limit, limit: 0 }, nowMs + 60_000)).toMatchObject({
        remaining: 0,
      });
    });
  });
});

/** Stores of one process share the connection to a SQLite file, unless they know it by two names. */
async function otherNameOf(url: string): Promise<string> {
  if (!url.startsWith("sqlite:///")) return url;
  const link = join(await temporaryFolder(), "link");
  const path = url.slice("sqlite:///".length);
  await symlink(dirname(path), link);
  return `sqlite:///${join(link, basename(path))}`;
}

const shared = places.filter(([name]) => name !== "memory");

describe.each(shared)("several stores on one %s", (_name, isMissing, place) => {
  const openTwo = async (): Promise<readonly [StateStore, StateStore]> => {
    const url = String(await place());
    // At the same time, on an empty place.
    return Promise.all([open(url), open(await otherNameOf(url))]);
  };

  it.skipIf(isMissing)("have one winner among many who add", async () => {
    const stores = await openTwo();
    const added = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        stores[at % 2]?.records.add("kind", "key", String(at), { expiresAtMs: Date.now() + MINUTE_MS }),
      ),
    );
    const winners = added.flatMap((standing, at) => (standing === undefined ? [String(at)] : []));
    expect(winners).toHaveLength(1);
    expect((await stores[0].records.get("kind", "key"))?.value).toBe(winners[0]);
    for (const standing of added) if (standing !== undefined) expect(standing.value).toBe(winners[0]);
  });

  it.skipIf(isMissing)("lose no change that compares and sets", async () => {
    const stores = await openTwo();
    await stores[0].records.put("kind", "key", "0");
    const increment = async ({ records }: StateStore): Promise<void> => {
      for (;;) {
        const standing = await records.get("kind", "key");
        if (standing === undefined) throw new Error("Gone");
        const { version: ifVersion, value } = standing;
        if ((await records.put("kind", "key", String(Number(value) + 1), { ifVersion })) !== undefined)
          return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, at) => increment(at % 2 === 0 ? stores[0] : stores[1])));
    expect((await stores[1].records.get("kind", "key"))?.value).toBe("10");
  });

  it.skipIf(isMissing)("never share a claim", async () => {
    const stores = await openTwo();
    const count = 100;
    const nowMs = Date.now();
    await Promise.all(
      Array.from({ length: count }, (_, at) =>
        stores[at % 2]?.agenda.put("topic", { id: String(at), dueAtMs: nowMs, value: "{}" }),
      ),
    );
    const ids: string[] = [];
    const work = async ({ agenda }: StateStore): Promise<void> => {
      for (;;) {
        const claimed = await agenda.claim("topic", { nowMs, leaseMs: MINUTE_MS, limit: 7 });
        ids.push(...claimed.map(({ id }) => id));
        for (const entry of claimed) expect(await agenda.settle("topic", entry)).toBe(true);
        if ((await agenda.summary("topic")).count === 0) return;
      }
    };
    await Promise.all([...stores, ...stores].map(work));
    expect(ids).toHaveLength(count);
    expect(new Set(ids).size).toBe(count);
  });

  it.skipIf(isMissing)("count exactly", async () => {
    const stores = await openTwo();
    const nowMs = Date.now();
    const limit = { limit: 25, windowMs: MINUTE_MS };
    const states = await Promise.all(
      Array.from({ length: 60 }, (_, at) => stores[at % 2]?.counters.take("key", 1, limit, nowMs)),
    );
    expect(states.filter((state) => state?.taken === true)).toHaveLength(25);
    expect(await stores[0].counters.take("key", 1, limit, nowMs)).toMatchObject({
      taken: false,
      remaining: 0,
    });
  });

  it.skipIf(isMissing)("hear of each other's news and read all of it in order", async () => {
    const [writer, reader] = await openTwo();
    const seen: number[] = [];
    let reading = Promise.resolve();
    const readOn = async (): Promise<void> => {
      for (const { id } of await reader.feed.read("topic", { after: seen.at(-1) ?? 0, limit: 100 }))
        seen.push(id);
    };
    const stop = reader.feed.watch("topic", () => {
      reading = reading.then(readOn);
    });
    const ids: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const appended = Array.from({ length: 8 }, (_, at) =>
        (at % 2 === 0 ? writer : reader).feed.append("topic", String(at), 1000),
      );
      ids.push(...(await Promise.all(appended)));
    }
    await expect.poll(() => seen.length, PATIENCE).toBe(ids.length);
    stop();
    expect(seen).toEqual(ids.sort((one, other) => one - other));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.skipIf(isMissing)("find all when they are opened later", async () => {
    const url = await place();
    const before = await open(url);
    const nowMs = Date.now();
    await before.records.put("kind", "key", "1");
    await before.agenda.put("topic", { id: "a", dueAtMs: nowMs, value: "1" });
    await before.agenda.claim("topic", { nowMs, leaseMs: MINUTE_MS, limit: 1 });
    const id = await before.feed.append("topic", "1", 10);
    await before.counters.take("key", 3, { limit: 5, windowMs: MINUTE_MS }, nowMs);
    await before.close();
    await before.close();
    const after = await open(url);
    await after.open();
    expect((await after.records.get("kind", "key"))?.value).toBe("1");
    expect(await after.agenda.claim("topic", { nowMs, leaseMs: MINUTE_MS, limit: 1 })).toEqual([]);
    expect(
      await after.agenda.claim("topic", { nowMs: nowMs + MINUTE_MS, leaseMs: 1, limit: 1 }),
    ).toHaveLength(1);
    expect(await after.feed.read("topic", { after: 0, limit: 9 })).toEqual([{ id, value: "1" }]);
    expect(await after.feed.append("topic", "2", 10)).toBeGreaterThan(id);
    expect(await after.counters.take("key", 3, { limit: 5, windowMs: MINUTE_MS }, nowMs)).toMatchObject({
      taken: false,
      remaining: 2,
    });
    await expect(before.records.get("kind", "key")).rejects.toBeInstanceOf(BackendError);
  });
});

describe("what has expired is removed", () => {
  const gone = { expiresAtMs: Date.now() - 1 };
  const nowMs = Date.now();

  it("in memory, with every write a little", () => {
    const expiries = new Map<string, number>();
    const sweep = createSweep(
      expiries,
      (expiresAtMs, now) => expiresAtMs <= now,
      (key) => expiries.delete(key),
    );
    for (let at = 0; at < 10_000; at += 1) {
      expiries.set(String(at), at < 9_000 ? at : Number.POSITIVE_INFINITY);
      sweep(at);
    }
    for (let at = 0; at < 2_000; at += 1) sweep(10_000);
    expect(expiries.size).toBe(1_000);
  });

  it("in SQL", async () => {
    const url = `sqlite:///${await sqliteFile()}`;
    const { records, counters } = await open(url);
    await Promise.all(Array.from({ length: 1200 }, (_, at) => records.put("kind", String(at), "1", gone)));
    await records.put("kind", "kept", "1", { expiresAtMs: nowMs + MINUTE_MS });
    await counters.take("old", 1, { limit: 1, windowMs: 1 }, nowMs - 10);
    await counters.take("new", 1, { limit: 1, windowMs: MINUTE_MS }, nowMs);
    const database = await openTables(url, stateTables);
    onTestFinished(() => database.close());
    expect(await sweepExpired(database, nowMs)).toBe(false);
    const names = async (table: string): Promise<readonly object[]> =>
      database.all(`SELECT id FROM ${table}`);
    expect(await names(RECORDS)).toEqual([{ id: "kept" }]);
    expect(await names(COUNTERS)).toEqual([{ id: "new" }]);
  });

  it("by Redis, what nobody lists", async () => {
    const url = await redisUrl();
    const { unlisted } = await open(url);
    await Promise.all(Array.from({ length: 12 }, (_, at) => unlisted.put("kind", String(at), "1", gone)));
    await unlisted.put("kind", "kept", "1", { expiresAtMs: nowMs + MINUTE_MS });
    await unlisted.put("kind", "for ever", "1");
    const redis = new RedisState({ url, onWarning });
    onTestFinished(() => redis.close());
    const keys = (): Promise<string[]> => redis.run((client) => client.keys(redis.key("record", "*")));
    await expect
      .poll(async () => (await keys()).sort(), PATIENCE)
      .toEqual(["for ever", "kept"].map((key) => redis.key("record", "kind", key)));
  });

  it("in Redis", async () => {
    const redis = new RedisState({ url: await redisUrl(), onWarning });
    onTestFinished(() => redis.close());
    const records = new RedisRecords(redis);
    await Promise.all(Array.from({ length: 1200 }, (_, at) => records.put("kind", String(at), "1", gone)));
    await records.put("kind", "kept", "1", { expiresAtMs: nowMs + MINUTE_MS });
    await records.put("kind", "back", "1", gone);
    await records.put("kind", "back", "1");
    expect(await records.sweep(nowMs)).toBe(false);
    const size = await redis.run((client) =>
      Promise.all([
        client.hlen(redis.key("records", "kind", "values")),
        client.zcard(redis.key("records", "kind", "keys")),
        client.zcard(redis.key("records", "kind", "expiry")),
      ]),
    );
    expect(size).toEqual([2, 2, 1]);
  });
});

describe("a sweep", () => {
  it("comes again soon while there is more to remove, and not after the end", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const left = [true, true, false, new Error("away"), false];
    const warnings: string[] = [];
    let sweeps = 0;
    const sweeper = createSweeper(
      async () => {
        sweeps += 1;
        const isMore = left.shift() ?? false;
        if (isMore instanceof Error) throw isMore;
        return isMore;
      },
      (message) => warnings.push(message),
    );
    sweeper.start();
    sweeper.start();
    await vi.advanceTimersByTimeAsync(32_000);
    expect(sweeps).toBe(3);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sweeps, warnings.length]).toEqual([5, 1]);
    await sweeper.stop();
    await sweeper.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sweeps).toBe(5);
  });
});

describe("the state at a URL", () => {
  it("is refused when nobody knows the URL", () => {
    for (const url of ["mongodb://127.0.0.1/0", "gateway.db", "", "amqp://127.0.0.1"]) {
      expect(() => createStateStore({ url, onWarning })).toThrow(ConfigurationError);
    }
  });

  it("says at once that it cannot be opened", async () => {
    for (const url of ["sqlite:////nowhere/at/all/gateway.db", "redis://127.0.0.1:1/0"]) {
      const store = createStateStore({ url, onWarning });
      await expect(store.open()).rejects.toMatchObject({ code: "backend_unavailable" });
      await store.close();
    }
  });
});

describe("the state in a Redis", () => {
  it("is kept under a prefix of its own", async () => {
    const url = await redisUrl();
    const one = await opened(createRedisState({ url, prefix: "one", onWarning }));
    const other = await opened(createRedisState({ url, prefix: "other", onWarning }));
    await one.records.put("kind", "key", "1");
    expect(await other.records.get("kind", "key")).toBeUndefined();
  });

  it("works again after a cut, and its watchers hear again", async () => {
    const server = await startRedis();
    const store = await opened(createStateStore({ url: server.url, onWarning }));
    await store.records.put("kind", "key", "1");
    let heard = 0;
    store.feed.watch("topic", () => {
      heard += 1;
    });
    await store.feed.append("topic", "1", 9);
    await expect.poll(() => heard, PATIENCE).toBeGreaterThan(0);
    await server.kill();
    await expect(store.records.put("kind", "key", "2")).rejects.toMatchObject({
      code: "backend_unavailable",
    });
    await expect(store.counters.take("key", 1, { limit: 1, windowMs: 1 }, 1)).rejects.toBeInstanceOf(
      BackendError,
    );
    await server.restart();
    await expect
      .poll(async () => (await store.records.get("kind", "key").catch(() => undefined))?.value, PATIENCE)
      .toBe("1");
    const before = heard;
    await expect
      .poll(async () => {
        await store.feed.append("topic", "2", 9);
        return heard;
      }, PATIENCE)
      .toBeGreaterThan(before + 1);
  });
});

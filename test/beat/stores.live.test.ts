import { readdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFileScheduleStore, openScheduleStore, scheduleDefinition } from "../../beat/index.ts";
import { openSql } from "../../stores/sql/index.ts";
import { cleanUp, postgresUrl, sqliteFile, temporaryFolder } from "../helpers/services.ts";
import { storeContract } from "./store-contract.ts";

describe("schedules in memory", () => {
  storeContract(async () => createFileScheduleStore());
});

describe("schedules in a file", () => {
  storeContract(async () => openScheduleStore({ place: join(await temporaryFolder(), "schedules.json") }));

  it("are seen by another process, and what it cannot understand is left out", async () => {
    const place = join(await temporaryFolder(), "schedules.json");
    const warnings: string[] = [];
    const [one, other] = [
      openScheduleStore({ place }),
      openScheduleStore({ place, onWarning: (message) => warnings.push(message) }),
    ];
    expect(await other.list()).toEqual([]);
    await one.put(scheduleDefinition({ name: "a", task: "t", schedule: { type: "interval", seconds: 1 } }));
    expect((await other.list()).map(({ name }) => name)).toEqual(["a"]);
    const good = { name: "good", task: "t", schedule: { type: "interval", seconds: 1 } };
    await writeFile(place, JSON.stringify({ format: 1, schedules: [good, { ...good, task: 7 }, null] }));
    expect((await other.list()).map(({ name }) => name)).toEqual(["good"]);
    expect(warnings).toHaveLength(2);
  });

  it("keep what several write at once", async () => {
    const place = join(await temporaryFolder(), "schedules.json");
    const stores = Array.from({ length: 4 }, () => openScheduleStore({ place }));
    const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
    const put = async (name: string, index: number): Promise<void> => {
      const schedule = { type: "interval", seconds: 1 } as const;
      await stores[index % 4]?.put(scheduleDefinition({ name, task: "t", schedule }));
      await stores[(index + 1) % 4]?.recordRuns([{ name: "app's own", lastRunAtMs: index, count: 1 }]);
    };
    await Promise.all(names.map(put));
    for (const store of stores) {
      expect((await store.list()).map(({ name }) => name).sort()).toEqual(names.sort());
      expect((await store.otherRuns("app's own")).totalRunCount).toBe(40);
    }
    expect((await readdir(dirname(place))).sort()).toEqual(["schedules.json", "schedules.runs.json"]);
  });

  it("can be changed though a process died while it changed them", async () => {
    const place = join(await temporaryFolder(), "schedules.json");
    await writeFile(`${place}.lock`, "");
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(`${place}.lock`, longAgo, longAgo);
    const store = openScheduleStore({ place });
    await store.put(scheduleDefinition({ name: "a", task: "t", schedule: 1 }));
    expect(await store.list()).toHaveLength(1);
  });

  it("remember their runs after a restart, and none from before they were resumed", async () => {
    const place = join(await temporaryFolder(), "schedules.json");
    const store = openScheduleStore({ place });
    const lastRunAtMs = Date.now() - 1000;
    await store.put(scheduleDefinition({ name: "a", task: "t", schedule: 1 }));
    await store.recordRuns([{ name: "a", lastRunAtMs, count: 2 }]);
    expect(await openScheduleStore({ place }).get("a")).toMatchObject({ lastRunAtMs, totalRunCount: 2 });
    await store.setEnabled("a", false);
    await store.setEnabled("a", true);
    const resumed = await openScheduleStore({ place }).get("a");
    expect(resumed).toMatchObject({ lastRunAtMs: undefined, totalRunCount: 2 });
    await store.delete("a");
    await store.put(scheduleDefinition({ name: "a", task: "t", schedule: 1 }));
    expect((await openScheduleStore({ place }).get("a"))?.totalRunCount).toBe(0);
  });

  it("are not lost when the file is damaged", async () => {
    const place = join(await temporaryFolder(), "schedules.json");
    await writeFile(place, "{");
    await expect(openScheduleStore({ place }).list()).rejects.toThrow(/not a file of schedules/);
  });
});

const DATABASES: Readonly<Record<string, () => Promise<string>>> = {
  SQLite: async () => `sqlite:///${await sqliteFile()}`,
  PostgreSQL: postgresUrl,
};

describe.each(Object.entries(DATABASES))("schedules in %s", (_name, url) => {
  storeContract(async () => openScheduleStore({ place: await url() }));

  it("are left out, with a warning, when a row makes no sense", async () => {
    const place = await url();
    const warnings: string[] = [];
    const store = openScheduleStore({ place, onWarning: (message) => warnings.push(message) });
    cleanUp(() => store.close());
    const schedule = { type: "interval", seconds: 60 } as const;
    for (const name of ["good", "args", "kwargs", "headers", "none"])
      await store.put(scheduleDefinition({ name, task: "t", schedule }));
    const db = await openSql(place);
    cleanUp(() => db.close());
    for (const column of ["args", "kwargs", "headers"])
      await db.run(`UPDATE django_celery_beat_periodictask SET ${column} = '{[' WHERE name = ?`, [column]);
    await db.run("UPDATE django_celery_beat_periodictask SET interval_id = NULL WHERE name = 'none'");
    expect((await store.list()).map(({ name }) => name)).toEqual(["good"]);
    expect(warnings).toHaveLength(4);
  });

  it("share a row for schedules that are alike", async () => {
    const place = await url();
    const store = openScheduleStore({ place });
    cleanUp(() => store.close());
    const schedule = { type: "solar", event: "sunrise", latitude: 1.5, longitude: 2 } as const;
    for (const name of ["a", "b"]) await store.put(scheduleDefinition({ name, task: "t", schedule }));
    const db = await openSql(place);
    cleanUp(() => db.close());
    expect(await db.all("SELECT id FROM django_celery_beat_solarschedule")).toHaveLength(1);
  });

  it("have no relative intervals, and none that the columns cannot hold", async () => {
    const store = openScheduleStore({ place: await url() });
    cleanUp(() => store.close());
    for (const schedule of [
      { type: "interval", seconds: 60, relative: true },
      { type: "interval", seconds: 5000.5 },
    ] as const) {
      await expect(store.put(scheduleDefinition({ name: "a", task: "t", schedule }))).rejects.toThrow(
        /interval/,
      );
    }
  });
});

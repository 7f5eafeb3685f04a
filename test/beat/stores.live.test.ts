import { writeFile } from "node:fs/promises";
import { join } from "node:path";
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

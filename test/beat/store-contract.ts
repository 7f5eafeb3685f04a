/** What every store of schedules must do. */
import { expect, it } from "vitest";
import { type NewSchedule, type ScheduleStore, scheduleDefinition } from "../../beat/index.ts";
import { cleanUp } from "../helpers/services.ts";

const DAILY: NewSchedule = {
  name: "täglich",
  task: "tasks.report",
  schedule: {
    type: "crontab",
    minute: "30",
    hour: "*/2",
    dayOfWeek: "mon-fri",
    dayOfMonth: "*",
    monthOfYear: "1,7",
    timezone: "Europe/Berlin",
  },
  args: [1, { deep: [null, "x"] }],
  kwargs: { size: 2 },
  catchUp: "all",
  options: { queue: "reports", priority: 5, expires: 60, headers: { tenant: "a" } },
  description: "Once in a while",
};

const KINDS: readonly NewSchedule[] = [
  DAILY,
  { name: "hours", task: "t", schedule: { type: "interval", seconds: 7200 } },
  { name: "minute and a half", task: "t", schedule: { type: "interval", seconds: 90 } },
  { name: "quick", task: "t", schedule: { type: "interval", seconds: 0.25 } },
  { name: "sun", task: "t", schedule: { type: "solar", event: "sunset", latitude: 52.5, longitude: -13.4 } },
  {
    name: "once",
    task: "t",
    schedule: { type: "clocked", time: "2027-01-02T03:04:05Z" },
    startAtMs: Date.parse("2026-12-01T00:00:00Z"),
    expiresAtMs: Date.parse("2027-12-01T00:00:00.250Z"),
  },
  { name: "paused", task: "t", schedule: { type: "interval", seconds: 1 }, enabled: false, oneOff: true },
];

const WRONG: readonly (readonly [wrong: object, message: RegExp])[] = [
  [{ name: "" }, /name/],
  [{ name: "x".repeat(201) }, /name/],
  [{ task: "" }, /task/],
  [{ schedule: { type: "interval", seconds: -1 } }, /seconds/],
  [{ args: "no list" }, /args/],
  [{ args: [() => 1] }, /args/],
  [{ kwargs: [] }, /kwargs/],
  [{ kwargs: { when: new Date(0) } }, /kwargs/],
  [{ options: { priority: 256 } }, /priority/],
  [{ options: { expires: 1.5 } }, /expires/],
  [{ expiresAtMs: Number.NaN }, /expiresAtMs/],
  [{ options: { expires: 1 }, expiresAtMs: 1 }, /exclude/],
  [{ schedule: { type: "clocked", time: "2027-01-01T00:00:00Z" }, oneOff: false }, /oneOff/],
];

/** `open` opens an empty store. */
export function storeContract(open: () => Promise<ScheduleStore>): void {
  const opened = async (): Promise<ScheduleStore> => {
    const store = await open();
    cleanUp(() => store.close());
    return store;
  };

  it("gives back what it was given, of every kind", async () => {
    const store = await opened();
    for (const schedule of KINDS) await store.put(scheduleDefinition(schedule));
    const list = await store.list();
    expect(list.map(({ name }) => name).sort()).toEqual(KINDS.map(({ name }) => name).sort());
    for (const schedule of KINDS) {
      const { lastRunAtMs, totalRunCount, changedAtMs, ...definition } =
        (await store.get(schedule.name)) ?? {};
      expect(definition).toEqual(scheduleDefinition(schedule));
      expect({ lastRunAtMs, totalRunCount }).toEqual({ lastRunAtMs: undefined, totalRunCount: 0 });
      expect(Math.abs((changedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
    }
    expect(await store.get("nothing")).toBeUndefined();
  });

  it("replaces, deletes, pauses and resumes, and its version changes with each", async () => {
    const store = await opened();
    const versions = new Set([await store.version()]);
    const changed = async (): Promise<void> => {
      // Versions may be times.
      await new Promise((resolve) => setTimeout(resolve, 5));
      versions.add(await store.version());
    };
    await store.put(scheduleDefinition(DAILY));
    await changed();
    await store.put(
      scheduleDefinition({ ...DAILY, task: "tasks.other", schedule: { type: "interval", seconds: 5 } }),
    );
    await changed();
    expect(await store.get(DAILY.name)).toMatchObject({
      task: "tasks.other",
      schedule: { type: "interval", seconds: 5 },
    });
    expect(await store.setEnabled(DAILY.name, false)).toBe(true);
    await changed();
    expect((await store.list()).map(({ enabled }) => enabled)).toEqual([false]);
    expect(await store.setEnabled(DAILY.name, true)).toBe(true);
    await changed();
    expect((await store.list()).map(({ enabled }) => enabled)).toEqual([true]);
    expect(await store.delete(DAILY.name)).toBe(true);
    await changed();
    expect(await store.list()).toEqual([]);
    expect(await store.delete(DAILY.name)).toBe(false);
    expect(await store.setEnabled(DAILY.name, true)).toBe(false);
    expect(versions.size).toBe(6);
  });

  it("counts runs without a new version, and forgets the last one when it is paused", async () => {
    const store = await opened();
    await store.put(scheduleDefinition(DAILY));
    const [version, changedAtMs] = [await store.version(), (await store.get(DAILY.name))?.changedAtMs];
    const lastRunAtMs = Date.parse("2026-11-21T12:34:56.789Z");
    await store.recordRuns([
      { name: DAILY.name, lastRunAtMs: lastRunAtMs - 1000, count: 1 },
      { name: DAILY.name, lastRunAtMs, count: 2 },
      { name: "nothing", lastRunAtMs, count: 1 },
    ]);
    expect(await store.get(DAILY.name)).toMatchObject({ lastRunAtMs, totalRunCount: 3, changedAtMs });
    expect(await store.version()).toBe(version);
    await store.setEnabled(DAILY.name, false);
    expect((await store.get(DAILY.name))?.lastRunAtMs).toBeUndefined();
  });

  it("counts anew what is to run once more", async () => {
    const store = await opened();
    const runs = async (): Promise<number | undefined> => (await store.get(DAILY.name))?.totalRunCount;
    await store.put(scheduleDefinition(DAILY));
    await store.recordRuns([{ name: DAILY.name, lastRunAtMs: 1000, count: 3 }]);
    await store.put(scheduleDefinition({ ...DAILY, task: "tasks.other" }));
    expect(await runs()).toBe(3);
    await store.put(scheduleDefinition({ ...DAILY, oneOff: true }));
    expect(await runs()).toBe(0);
    await store.recordRuns([{ name: DAILY.name, lastRunAtMs: 1000, count: 1 }]);
    await store.put(scheduleDefinition({ ...DAILY, oneOff: true, description: "Edited" }));
    expect(await runs()).toBe(1);
    await store.setEnabled(DAILY.name, false);
    expect(await runs()).toBe(0);
  });

  it("refuses what it cannot keep, naming the field", async () => {
    const store = await opened();
    for (const [wrong, message] of WRONG) {
      // What a stranger may write is no definition.
      const given = {
        ...scheduleDefinition({ ...DAILY, options: {} }),
        ...wrong,
      } as ReturnType<typeof scheduleDefinition>;
      await expect(store.put(given)).rejects.toThrow(message);
    }
    expect(await store.list()).toEqual([]);
  });
}

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type App, createApp, type Settings, type SignalEvents } from "../../app/index.ts";
import {
  createBeat,
  createFileScheduleStore,
  createFileSeat,
  createSchedules,
  openAppScheduleStore,
  openSchedules,
  ScheduleError,
  type Schedules,
} from "../../beat/index.ts";
import { cleanUp, postgresUrl, sqliteFile, temporaryFolder } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";

const EVERY_MINUTE = { name: "minute", task: "tasks.minute", schedule: 60, args: [1] };

/** Where schedules are, as the options of a beat or the gateway name it. */
const PLACES: Readonly<Record<string, () => Promise<{ scheduler: string; schedule: string }>>> = {
  "a file": async () => ({ scheduler: "file", schedule: join(await temporaryFolder(), "beat") }),
  SQLite: async () => ({ scheduler: `sqlite:///${await sqliteFile()}`, schedule: "" }),
  PostgreSQL: async () => ({ scheduler: await postgresUrl(), schedule: "" }),
};

interface Scene {
  readonly app: App;
  readonly schedules: Schedules;
  /** Tasks that were sent. */
  readonly sent: SignalEvents["after_task_publish"][];
  /** Starts a beat of the same app; the tests' schedules live where it reads. */
  startBeat(): void;
}

async function scene(place: () => Promise<object>, settings: Partial<Settings> = {}): Promise<Scene> {
  const options = await place();
  const app = testApp({ resultBackend: null, ...settings });
  const schedules = openSchedules(app, options);
  cleanUp(() => schedules.close());
  const sent: Scene["sent"] = [];
  app.on("after_task_publish", (event) => sent.push(event));
  return {
    app,
    schedules,
    sent,
    startBeat() {
      const beat = createBeat({ app, seat: createFileSeat(), store: openAppScheduleStore(app, options) });
      cleanUp(() => beat.stop());
      beat.start();
    },
  };
}

describe.each(Object.entries(PLACES))("schedules in %s", (name, place) => {
  it("are put, shown, changed and removed", async () => {
    const { schedules } = await scene(place);
    const put = await schedules.put({ ...EVERY_MINUTE, catchUp: "all", options: { queue: "q" } });
    expect(put).toMatchObject({
      ...EVERY_MINUTE,
      schedule: { type: "interval", seconds: 60 },
      options: { queue: "q" },
      catchUp: "all",
      enabled: true,
      totalRunCount: 0,
      origin: "store",
    });
    expect(await schedules.get("minute")).toEqual(put);
    await schedules.put({ name: "daily", task: "tasks.daily", schedule: "0 4 * * *" });
    expect((await schedules.list()).map(({ name }) => name)).toEqual(["daily", "minute"]);
    // What was read can be written again.
    const changed = await schedules.put({ ...put, catchUp: "none", kwargs: { a: null } });
    expect(changed).toMatchObject({ args: [1], kwargs: { a: null }, catchUp: "none" });
    expect((await schedules.put({ ...EVERY_MINUTE })).catchUp).toBe("one");
    expect(await schedules.remove("minute")).toBe(true);
    expect(await schedules.remove("minute")).toBe(false);
    expect(await schedules.get("minute")).toBeUndefined();
  });

  it("tell their next times", async () => {
    const { schedules } = await scene(place);
    await schedules.put({ name: "daily", task: "t", schedule: "0 4 * * *" });
    const fromMs = Date.parse("2026-11-21T12:00:00Z");
    const times = ["2026-11-22T04:00:00Z", "2026-11-23T04:00:00Z"].map(Date.parse);
    expect(await schedules.nextDueTimes("daily", 2, fromMs)).toEqual(times);
    expect(await schedules.nextDueTimes("daily")).toHaveLength(10);
    await schedules.pause("daily");
    expect(await schedules.nextDueTimes("daily", 2)).toEqual([]);
    expect(await schedules.nextDueTimes("nothing")).toBeUndefined();
  });

  it("are sent when they are triggered, be they paused", async () => {
    const { schedules, sent } = await scene(place);
    await schedules.put({
      ...EVERY_MINUTE,
      enabled: false,
      options: { headers: { tenant: "a" } },
      expiresAtMs: Date.now() - 1000,
    });
    const [one, other] = [await schedules.trigger("minute"), await schedules.trigger("minute")];
    expect(sent.map(({ task }) => task)).toEqual(["tasks.minute", "tasks.minute"]);
    expect(sent[0]?.headers).toMatchObject({
      id: one?.id,
      argsrepr: "(1,)",
      expires: null,
      tenant: "a",
      celery_beat_task: true,
      periodic_task_name: "minute",
    });
    expect(other?.id).not.toBe(one?.id);
    expect(await schedules.trigger("nothing")).toBeUndefined();
  });

  it("include the app's own, which a stored copy pauses", async () => {
    const { schedules, sent } = await scene(place, {
      beatSchedule: {
        own: { task: "tasks.own", schedule: 30, args: [2], options: { queue: "q", timeLimit: 5 } },
        lazy: { task: "tasks.lazy", schedule: 30, args: [function today() {}] },
      },
    });
    expect(await schedules.list()).toMatchObject([
      { name: "lazy", origin: "app", args: ["<function today>"] },
      { name: "own", origin: "app", args: [2], options: { queue: "q" }, enabled: true },
    ]);
    expect(await schedules.resume("own")).toBe(true);
    expect(await schedules.remove("own")).toBe(false);
    expect((await schedules.get("own"))?.origin).toBe("app");
    expect(await schedules.nextDueTimes("own", 2)).toHaveLength(2);
    await schedules.trigger("own");
    expect(sent[0]?.headers["timelimit"]).toEqual([5, null]);

    expect(await schedules.pause("own")).toBe(true);
    expect(await schedules.get("own")).toMatchObject({ origin: "store", enabled: false, args: [2] });
    await schedules.trigger("own");
    expect(sent[1]?.headers["timelimit"]).toEqual([5, null]);
    expect(await schedules.resume("own")).toBe(true);
    expect(await schedules.get("own")).toMatchObject({ origin: "store", enabled: true });
    expect(await schedules.remove("own")).toBe(true);
    expect((await schedules.get("own"))?.origin).toBe("app");
    await expect(schedules.pause("lazy")).rejects.toThrow(
      "In a schedule, args must be a list of plain JSON.",
    );
  });

  // Ten seconds of waiting, which one database is worth.
  it.runIf(name !== "PostgreSQL")(
    "are obeyed by a beat that runs, which counts its runs",
    { timeout: 60_000 },
    async () => {
      const { schedules, sent, startBeat } = await scene(place);
      const count = (task: string): number => sent.filter((one) => one.task === task).length;
      const wait = { timeout: 20_000, interval: 50 };
      await schedules.put({ name: "a", task: "tasks.a", schedule: 0.5 });
      startBeat();
      await expect.poll(() => count("tasks.a"), wait).toBeGreaterThan(1);
      await schedules.put({ name: "b", task: "tasks.b", schedule: 0.5 });
      await schedules.pause("a");
      await expect.poll(() => count("tasks.b"), wait).toBeGreaterThan(0);
      const seen = count("tasks.a");
      await expect.poll(async () => (await schedules.get("b"))?.totalRunCount ?? 0, wait).toBeGreaterThan(0);
      const { lastRunAtMs } = (await schedules.get("b")) ?? {};
      expect(Math.abs((lastRunAtMs ?? 0) - Date.now())).toBeLessThan(10_000);
      await schedules.resume("a");
      await schedules.put({ name: "b", task: "tasks.c", schedule: 0.5, oneOff: true });
      await expect.poll(() => count("tasks.a") > seen && count("tasks.c"), wait).toBe(1);
      await expect.poll(async () => (await schedules.get("b"))?.enabled, wait).toBe(false);
      expect(count("tasks.c")).toBe(1);
    },
  );
});

describe("a schedule that is refused", () => {
  const app = createApp({ env: {}, brokerUrl: "memory://refused" });
  const schedules = createSchedules(app, createFileScheduleStore());

  it.each([
    [undefined, "", /must be an object/],
    [{ task: "t", schedule: 1 }, "name", /name is missing/],
    [{ name: "a", schedule: 1 }, "task", /task is missing/],
    [{ name: "a", task: "t" }, "schedule", /schedule is missing/],
    [{ name: "a", task: "t", schedule: null }, "schedule", /seconds, a crontab's text, or an object/],
    [{ name: "a", task: "t", schedule: "61 * * * *" }, "schedule", /minute.*0 to 59/],
    [{ name: "a", task: "t", schedule: { type: "crontab", minutes: 1 } }, "schedule", /field "minutes"/],
    [{ name: "a", task: "t", schedule: { type: "crontab", timezone: "Mars/One" } }, "schedule", /Mars\/One/],
    [{ ...EVERY_MINUTE, queue: "q" }, "queue", /queue is unknown; there are name, task/],
    [{ ...EVERY_MINUTE, options: { queues: 1 } }, "options.queues", /options.queues is unknown/],
    [{ ...EVERY_MINUTE, options: { priority: 256 } }, "options.priority", /whole number from 0 to 255/],
    [{ ...EVERY_MINUTE, options: 1 }, "options", /must be an object/],
    [{ ...EVERY_MINUTE, catchUp: "some" }, "catchUp", /one of one, none, all/],
    [{ ...EVERY_MINUTE, enabled: 1 }, "enabled", /true or false/],
    [{ ...EVERY_MINUTE, startAtMs: "now" }, "startAtMs", /milliseconds since 1970/],
    [{ ...EVERY_MINUTE, description: "x".repeat(10_001) }, "description", /0 to 10000 characters/],
    [{ ...EVERY_MINUTE, kwargs: { a: new Date(0) } }, "kwargs", /plain JSON/],
    [
      JSON.parse('{"name":"a","task":"t","schedule":1,"__proto__":{"enabled":false}}'),
      "__proto__",
      /unknown/,
    ],
  ])("says what is wrong in it (%#)", async (given, field, message) => {
    const error: unknown = await schedules.put(given).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ScheduleError);
    expect(error).toMatchObject({ field, message: expect.stringMatching(message), code: "bad_config" });
  });
});

import { describe, expect, it } from "vitest";
import { type App, type AppOptions, createApp } from "../../app/index.ts";
import { appEntries } from "../../beat/app-entries.ts";
import type { BeatEntry } from "../../beat/entry.ts";
import { sendOptions } from "../../beat/fire.ts";
import { crontab, schedule } from "../../beat/index.ts";
import { signature } from "../../protocol/index.ts";

function appWith(options: AppOptions): App {
  return createApp({ env: {}, brokerUrl: "memory://entries", ...options });
}

function only(options: AppOptions): BeatEntry {
  const [first, ...more] = appEntries(appWith(options));
  if (first === undefined || more.length > 0) throw new Error("One entry was expected.");
  return first;
}

const every = (changes: object): AppOptions => ({
  beatSchedule: { a: { task: "t", schedule: 5, ...changes } },
});

describe("entries of the settings", () => {
  it.each([
    [5, { type: "interval", seconds: 5 }],
    ["0 4 * * *", expect.objectContaining({ type: "crontab", hour: "4" })],
    [schedule(5), { type: "interval", seconds: 5 }],
    [crontab({ minute: 7 }), expect.objectContaining({ type: "crontab", minute: 7 })],
    [
      { type: "clocked", time: "2030-01-01T00:00:00Z" },
      { type: "clocked", time: "2030-01-01T00:00:00Z" },
    ],
  ])("take a schedule as %s", (given, spec) => {
    expect(only(every({ schedule: given })).schedule.toJSON()).toEqual(spec);
  });

  it("have crontabs in the app's time zone", () => {
    const { schedule: berlin } = only({ ...every({ schedule: "0 4 * * *" }), timezone: "Europe/Berlin" });
    expect(berlin.nextAfter(Date.parse("2026-07-01T00:00:00Z"))).toBe(Date.parse("2026-07-01T02:00:00Z"));
  });

  it("may be relative", () => {
    expect(only(every({ schedule: 3600, relative: true })).schedule.toJSON()).toMatchObject({
      relative: true,
    });
  });

  it("read options in both spellings", () => {
    expect(only(every({ options: { routing_key: "r", expires: 5, softTimeLimit: 3 } })).options).toEqual({
      routingKey: "r",
      expires: 5,
      softTimeLimit: 3,
    });
  });

  it("come from the environment as JSON", () => {
    const env = { CELERY_BEAT_SCHEDULE: '{"a": {"task": "t", "schedule": 1.5, "catchUp": "all"}}' };
    expect(only({ env })).toMatchObject({ name: "a", task: "t", catchUp: "all" });
  });

  it.each([
    [{ task: "" }, /entry "a".*task/],
    [{ schedule: "nonsense" }, /entry "a".*crontab/],
    [{ schedule: undefined }, /entry "a".*schedule/],
    [{ args: "x" }, /args/],
    [{ kwargs: [] }, /kwargs/],
    [{ options: 7 }, /options/],
    [{ catchUp: "some" }, /catchUp/],
    [{ arguments: [] }, /no field "arguments"/],
  ])("are refused with %j", (changes, message) => {
    expect(() => appEntries(appWith(every(changes)))).toThrow(message);
  });
});

describe("app.addPeriodicTask", () => {
  it("adds an entry, which is named after its call", () => {
    const app = appWith({});
    const name = app.addPeriodicTask(30, signature("tasks.add", [2, "x"], { z: true }, { queue: "q" }), {
      options: { priority: 3 },
    });
    expect(name).toBe("tasks.add(2, 'x', z=True)");
    expect(appEntries(app)).toMatchObject([
      { name, task: "tasks.add", args: [2, "x"], kwargs: { z: true }, options: { queue: "q", priority: 3 } },
    ]);
  });

  it("gives way to the setting of the same name", () => {
    const app = appWith(every({}));
    app.addPeriodicTask(30, signature("other"), { name: "a" });
    expect(appEntries(app)).toMatchObject([{ name: "a", task: "t" }]);
  });
});

describe("celery.backend_cleanup", () => {
  it("is there where results do not expire by themselves", () => {
    const cleanup = only({ resultBackend: "db+sqlite:///results.db" });
    expect(cleanup).toMatchObject({ task: "celery.backend_cleanup", options: { expires: 43_200 } });
    const [day, next] = ["2026-01-01T04:00:00Z", "2026-01-02T04:00:00Z"].map((time) => Date.parse(time));
    expect(cleanup.schedule.nextAfter(day ?? 0)).toBe(next);
  });

  it.each([
    { resultBackend: "redis://127.0.0.1/0" },
    { resultBackend: null },
    { resultBackend: "db+sqlite:///results.db", resultExpires: 0 },
  ])("is not there with %j", (options) => {
    expect(appEntries(appWith(options))).toEqual([]);
  });

  it("gives way to an entry of its name", () => {
    const own = only({
      resultBackend: "db+sqlite:///results.db",
      beatSchedule: { "celery.backend_cleanup": { task: "mine", schedule: 60 } },
    });
    expect(own.task).toBe("mine");
  });
});

describe("the call of a run", () => {
  it("calls functions among the arguments", async () => {
    let count = 0;
    const lazy = only(every({ args: [() => ++count, 7], kwargs: { when: async () => ++count } }));
    expect(await sendOptions(lazy)).toMatchObject({ args: [1, 7], kwargs: { when: 2 } });
    expect(await sendOptions(lazy)).toMatchObject({ args: [3, 7], kwargs: { when: 4 } });
  });

  it("has beat's header beside those of the entry, as Celery's has", async () => {
    const { headers, taskId } = await sendOptions(
      only(every({ options: { headers: { tenant: "a" } } })),
      "id",
    );
    expect(headers).toEqual({ tenant: "a", celery_beat_task: true });
    expect(taskId).toBe("id");
  });
});

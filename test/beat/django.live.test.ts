import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { App, SignalEvents } from "../../app/index.ts";
import {
  type Beat,
  createBeat,
  crontab,
  openScheduleStore,
  openSeat,
  scheduleDefinition,
} from "../../beat/index.ts";
import { cleanUp, postgresUrl, sqliteFile } from "../helpers/services.ts";
import { takeMessages, testApp } from "../helpers/worker.ts";
import { startDjango } from "./django.ts";

const DATABASES: Readonly<Record<string, () => Promise<string>>> = {
  SQLite: async () => `sqlite:///${await sqliteFile()}`,
  PostgreSQL: postgresUrl,
};

type Sent = SignalEvents["after_task_publish"];

/** A beat on Django's tables, and what it sends. */
function startBeat(
  url: string,
  settings: Parameters<typeof testApp>[0] = {},
): { app: App; beat: Beat; sent: Sent[] } {
  const app = testApp({ resultBackend: null, ...settings });
  const sent: Sent[] = [];
  app.on("after_task_publish", (event) => sent.push(event));
  const beat = createBeat({
    app,
    seat: openSeat({ url, lockName: "test" }),
    store: openScheduleStore({ place: url }),
  });
  cleanUp(() => beat.stop());
  beat.start();
  return { app, beat, sent };
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (const sinceMs = performance.now(); !isTrue(); await sleep(20)) {
    if (performance.now() - sinceMs > 15_000) throw new Error(`Not within 15 s: ${what}.`);
  }
}

const CREATE = `
second, _ = models.IntervalSchedule.objects.get_or_create(every=1, period="seconds")
for name in ["edited", "disabled", "once"]:
    models.PeriodicTask.objects.create(
        name=name, task="tasks." + name, interval=second, args='[1, "x"]', kwargs='{"a": null}', queue="beat_q",
        headers='{"tenant": "a"}', expire_seconds=30, priority=3, one_off=name == "once")
models.PeriodicTask.objects.create(
    name="clocked", task="tasks.clocked", one_off=True,
    clocked=models.ClockedSchedule.objects.create(clocked_time=timezone.now() + datetime.timedelta(seconds=2)))
models.PeriodicTask.objects.create(
    name="routed", task="tasks.routed", interval=second, exchange="beat_x", routing_key="beat_k")
models.PeriodicTask.objects.create(
    name="paused", task="tasks.paused", interval=second, enabled=False)
models.PeriodicTask.objects.create(
    name="later", task="tasks.later", interval=second, start_time=timezone.now() + datetime.timedelta(hours=1))
models.PeriodicTask.objects.create(
    name="over", task="tasks.over", interval=second, expires=timezone.now() - datetime.timedelta(seconds=1))
`;

const FACTS = `
def facts(task):
    return [task.enabled, task.total_run_count, task.last_run_at and task.last_run_at.timestamp(), task.date_changed.timestamp()]
value = {task.name: facts(task) for task in models.PeriodicTask.objects.all()}
value["changed"] = models.PeriodicTasks.last_change().timestamp()
`;

type Facts = Readonly<
  Record<string, readonly [enabled: boolean, runs: number, last: number | null, changed: number]>
>;

describe.each(Object.entries(DATABASES))("django-celery-beat on %s", (name, makeUrl) => {
  // Ten seconds of waiting, which one database is worth.
  it.runIf(name === "SQLite")(
    "has its schedules sent, and what Django changes is obeyed while beat runs",
    async () => {
      const url = await makeUrl();
      const django = await startDjango(url);
      await django(CREATE);
      const before = (await django(FACTS)) as Facts;
      const { app, sent } = startBeat(url, {
        taskQueues: { beat_q: {}, routed_q: { exchange: "beat_x", routingKey: "beat_k" } },
      });
      await (await app.connection()).declareQueue(app.router.queue("routed_q"));
      const tasks = (): string[] => sent.map(({ task }) => task);
      await until(() => tasks().filter((task) => task === "tasks.edited").length >= 3, "three runs");

      const headers = sent.find(({ task }) => task === "tasks.edited")?.headers ?? {};
      expect(headers).toMatchObject({
        celery_beat_task: true,
        periodic_task_name: "edited",
        tenant: "a",
        argsrepr: "(1, 'x')",
        kwargsrepr: "{'a': None}",
      });
      expect(Math.abs(Date.parse(String(headers["expires"])) - Date.now() - 30_000)).toBeLessThan(10_000);
      expect(tasks().filter((task) => task === "tasks.once")).toHaveLength(1);
      await until(() => tasks().includes("tasks.clocked"), "the clocked one");
      await until(() => tasks().includes("tasks.routed"), "the routed one");
      expect(sent.find(({ task }) => task === "tasks.routed")).toMatchObject({
        exchange: "beat_x",
        routingKey: "beat_k",
      });
      const [delivery] = await takeMessages(app, "beat_q", 1);
      expect(delivery?.message?.properties.priority).toBe(3);
      expect(tasks()).not.toContain("tasks.paused");
      expect(tasks()).not.toContain("tasks.later");
      expect(tasks()).not.toContain("tasks.over");

      const after = (await django(FACTS)) as Facts;
      expect(after["edited"]?.[1]).toBeGreaterThanOrEqual(2);
      expect(Math.abs((after["edited"]?.[2] ?? 0) * 1000 - Date.now())).toBeLessThan(5000);
      // Runs are no changes of the definition.
      expect(after["edited"]?.[3]).toBe(before["edited"]?.[3]);
      expect([after["once"]?.[0], after["once"]?.[2]]).toEqual([false, null]);
      expect(after["over"]?.[0]).toBe(false);

      await django(`
edited = models.PeriodicTask.objects.get(name="edited")
edited.task, edited.args = "tasks.changed", "[2]"
edited.save()
for name, enabled in [("disabled", False), ("paused", True)]:
    task = models.PeriodicTask.objects.get(name=name)
    task.enabled = enabled
    task.save()
`);
      await until(() => tasks().includes("tasks.changed") && tasks().includes("tasks.paused"), "the changes");
      expect(sent.find(({ task }) => task === "tasks.changed")?.headers["argsrepr"]).toBe("(2,)");
      const seen = sent.length;
      await until(
        () =>
          tasks()
            .slice(seen)
            .filter((task) => task === "tasks.changed").length >= 2,
        "two more runs",
      );
      expect(tasks().slice(seen)).not.toContain("tasks.disabled");
      expect(tasks().slice(seen)).not.toContain("tasks.edited");
    },
  );

  it("reads what the store and the app's settings write, as its own beat does", async () => {
    const url = await makeUrl();
    const django = await startDjango(url);
    const store = openScheduleStore({ place: url, timezone: "America/New_York" });
    cleanUp(() => store.close());
    const common = { task: "tasks.t", args: [1], kwargs: { a: "b" }, options: { queue: "q", expires: 60 } };
    await store.put(
      scheduleDefinition({ ...common, name: "interval", schedule: { type: "interval", seconds: 90 } }),
    );
    await store.put(
      scheduleDefinition({
        ...common,
        name: "crontab",
        schedule: {
          type: "crontab",
          minute: "*/5",
          hour: "*",
          dayOfWeek: "mon-fri",
          dayOfMonth: "*",
          monthOfYear: "*",
        },
      }),
    );
    await store.put(
      scheduleDefinition({
        ...common,
        name: "solar",
        schedule: { type: "solar", event: "sunset", latitude: 1, longitude: 2 },
      }),
    );
    const time = new Date(Date.now() + 60_000).toISOString();
    await store.put(scheduleDefinition({ ...common, name: "clocked", schedule: { type: "clocked", time } }));
    const settings = {
      beatSchedule: {
        "every morning": { task: "tasks.morning", schedule: "0 4 * * *", options: { expires: 3600 } },
        "at seven": { task: "tasks.seven", schedule: crontab({ hour: 7, minute: [0, 30] }) },
        "in ten years": {
          task: "tasks.late",
          schedule: { type: "clocked", time: "2036-01-01T00:00:00.000Z" },
        },
        lazy: { task: "tasks.lazy", schedule: 3600, args: [() => 1] },
      },
    };
    const { beat } = startBeat(url, settings);
    await until(() => beat.isLeader, "a leader");
    await beat.stop();

    const value = await django(`
value = {}
for task in models.PeriodicTask.objects.all():
    schedule = task.schedule if task.name != "solar" else task.solar
    value[task.name] = [" ".join(str(schedule).split()), task.task, task.args, task.kwargs, task.queue, task.expire_seconds, task.one_off]
    task.full_clean()
`);
    const rest = ["tasks.t", "[1]", '{"a":"b"}', "q", 60];
    expect(value).toMatchObject({
      interval: ["<freq: 1.50 minutes>", ...rest, false],
      crontab: ["<crontab: */5 * mon-fri * * (m/h/d/dM/MY), America/New_York>", ...rest, false],
      solar: [expect.stringContaining("Sunset"), ...rest, false],
      clocked: [expect.stringContaining("<clocked:"), ...rest, true],
      "every morning": [
        "<crontab: 0 4 * * * (m/h/d/dM/MY), UTC>",
        "tasks.morning",
        "[]",
        "{}",
        null,
        3600,
        false,
      ],
    });
    expect(Object.keys(value as object)).not.toContain("lazy");

    // Django's own scheduler takes them, too; solar would need a further package.
    await store.delete("solar");
    const names = await django(`
scheduler = DatabaseScheduler(Celery(broker="memory://"), lazy=True)
value = sorted(name for name, entry in scheduler.all_as_schedule().items() if entry.is_due() is not None)
`);
    expect(names).toEqual(expect.arrayContaining(["clocked", "crontab", "interval"]));

    // What has not changed is not written again at the next start.
    const changed = await django(FACTS);
    const second = startBeat(url, settings);
    await until(() => second.beat.isLeader, "a second leader");
    await second.beat.stop();
    expect(await django(FACTS)).toEqual(changed);
  });
});

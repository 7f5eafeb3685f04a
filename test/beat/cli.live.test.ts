import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openScheduleStore, scheduleDefinition } from "../../beat/index.ts";
import { startCelerity, taskModule } from "../e2e/celerity.ts";
import { pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { cleanUp, redisUrl, temporaryFolder } from "../helpers/services.ts";
import { takeMessages, testApp } from "../helpers/worker.ts";

/** The environment of a beat with one entry. */
async function scene(
  entry: object = {},
): Promise<{ url: string; folder: string; env: Record<string, string> }> {
  const [url, folder] = [await redisUrl(), await temporaryFolder()];
  const tick = {
    task: "tests.tick",
    schedule: 0.3,
    args: [1, 2],
    options: { queue: "beat_q", expires: 30 },
    ...entry,
  };
  return {
    url,
    folder,
    env: {
      CELERY_BROKER_URL: url,
      CELERY_BEAT_SCHEDULE: JSON.stringify({ tick }),
      CELERY_BEAT_SCHEDULE_FILENAME: join(folder, "celerybeat-schedule"),
    },
  };
}

describe("celerity beat", () => {
  it("sends an ordinary task with the header of beat, as the golden message of Celery's has it", async () => {
    const { url, env } = await scene();
    await startCelerity(["beat", "-A", taskModule], env);
    const [delivery] = await takeMessages(testApp({ brokerUrl: url }), "beat_q", 1);
    const { headers, properties, body, contentType } = delivery?.message ?? {};
    expect(headers).toMatchObject({
      task: "tests.tick",
      celery_beat_task: true,
      eta: null,
      group: null,
      retries: 0,
      parent_id: null,
      timelimit: [null, null],
      kwargsrepr: "{}",
    });
    expect(headers?.["root_id"]).toBe(headers?.["id"]);
    expect(properties?.correlationId).toBe(headers?.["id"]);
    expect(headers).not.toHaveProperty("periodic_task_name");
    expect(Math.abs(Date.parse(String(headers?.["expires"])) - Date.now() - 30_000)).toBeLessThan(15_000);
    expect(contentType).toBe("application/json");
    expect(JSON.parse(Buffer.from(body ?? []).toString())).toEqual([
      [1, 2],
      {},
      { callbacks: null, errbacks: null, chain: null, chord: null },
    ]);
  });

  it("keeps what was run in its own file, logs what it sends, and ends with SIGTERM", async () => {
    const { folder, env } = await scene();
    const beat = await startCelerity(["beat", "-A", taskModule, "--pidfile", join(folder, "beat.pid")], env);
    await beat.waitForOutput(/Sent due task "tick" \(tests\.tick\)/);
    expect(readFileSync(join(folder, "beat.pid"), "utf8")).toBe(`${beat.pid}\n`);
    const second = await startCelerity(
      ["beat", "-A", taskModule, "--pidfile", join(folder, "beat.pid")],
      env,
    );
    expect(await second.ended()).toBe(64);
    expect(second.output()).toContain("runs already");
    beat.signal("SIGTERM");
    expect(await beat.ended()).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([
      "celerybeat-schedule.json",
      "celerybeat-schedule.schedules.runs.json",
    ]);
    const { entries } = JSON.parse(readFileSync(join(folder, "celerybeat-schedule.json"), "utf8"));
    expect(entries.tick.totalRunCount).toBe(beat.output().split("Sent due task").length - 1);
    expect(entries.tick.pending).toEqual([]);
  });

  it("carries on after a restart, with a run that was missed", async () => {
    const { folder, env } = await scene({ schedule: 3600 });
    const lastRunAtMs = Date.now() - 2 * 3_600_000;
    const path = join(folder, "celerybeat-schedule.json");
    const state = { lastRunAtMs, totalRunCount: 7, pending: [] };
    await writeFile(path, JSON.stringify({ format: 1, entries: { tick: state } }));
    const beat = await startCelerity(["beat", "-A", taskModule], env);
    await beat.waitForOutput(/Sent due task/);
    beat.signal("SIGINT");
    expect(await beat.ended()).toBe(0);
    expect(JSON.parse(readFileSync(path, "utf8")).entries.tick.totalRunCount).toBe(8);
  });

  it("waits while another beat has the lock, and takes over when that one ends", async () => {
    const { url, env } = await scene();
    const args = ["beat", "-A", taskModule, "--lock", url];
    const one = await startCelerity(args, env);
    await one.waitForOutput(/Sent due task/);
    const other = await startCelerity(args, env);
    await other.waitForOutput(/beat ready/);
    expect(other.output()).not.toContain("Beat leads");
    await one.stop();
    await other.waitForOutput(/Sent due task/);
  });

  it("sends the schedules of a database", async () => {
    const { url, folder, env } = await scene();
    const place = `sqlite:///${join(folder, "schedules.db")}`;
    const store = openScheduleStore({ place });
    cleanUp(() => store.close());
    const schedule = { type: "interval", seconds: 0.3 } as const;
    await store.put(
      scheduleDefinition({ name: "row", task: "tests.row", schedule, options: { queue: "row_q" } }),
    );
    const beat = await startCelerity(["beat", "-A", taskModule, "-S", place], env);
    const [delivery] = await takeMessages(testApp({ brokerUrl: url }), "row_q", 1);
    expect(delivery?.message?.headers).toMatchObject({
      task: "tests.row",
      celery_beat_task: true,
      periodic_task_name: "row",
    });
    await beat.stop();
    expect((await store.list()).map(({ name }) => name)).toEqual(["row", "tick"]);
    expect((await store.get("row"))?.totalRunCount).toBeGreaterThan(0);
  });

  it("says what is wrong with its options", async () => {
    const { env } = await scene();
    for (const [args, message] of [
      [["-S", "nonsense"], /file, database or a SQL URL/],
      [["-S", "database"], /neither is one/],
      [["--lock", "http://x"], /Redis, SQL or AMQP/],
    ] as const) {
      const beat = await startCelerity(["beat", "-A", taskModule, ...args], env);
      expect(await beat.ended()).toBe(64);
      expect(beat.output()).toMatch(message);
    }
    const help = await startCelerity(["beat", "--help"]);
    expect(await help.ended()).toBe(0);
    expect(help.output()).toContain("--max-interval <seconds>");
  });

  it("runs in the background", async () => {
    const { folder, env } = await scene();
    const [pidfile, logfile] = [join(folder, "beat.pid"), join(folder, "beat.log")];
    const started = await startCelerity(
      ["beat", "-A", taskModule, "-D", "--pidfile", pidfile, "-f", logfile],
      env,
    );
    expect(await started.ended()).toBe(0);
    const pid = Number(readFileSync(pidfile, "utf8"));
    cleanUp(async () => {
      if (existsSync(pidfile)) process.kill(pid, "SIGKILL");
    });
    expect(started.output()).toContain(`process ${pid}`);
    process.kill(pid, "SIGTERM");
    await expect.poll(() => existsSync(pidfile), { timeout: 10_000 }).toBe(false);
    expect(readFileSync(logfile, "utf8")).toContain("beat ready");
  });
});

describe("celerity worker -B", () => {
  it("sends periodic tasks, and runs them", async () => {
    const { env } = await scene({ task: "examples.add", options: {} });
    const args = ["worker", "-B", "-A", taskModule, "-P", "solo", "--without-mingle", "--without-gossip"];
    const worker = await startCelerity(args, env);
    await worker.waitForOutput(/Sent due task "tick" \(examples\.add\)/);
    await worker.waitForOutput(/examples\.add\S* succeeded/);
    worker.signal("SIGTERM");
    expect(await worker.ended()).toBe(0);
  });
});

describe.each(pythonVersions())("a worker of Python Celery (%s)", (version) => {
  it("runs what beat sends", async () => {
    const { url, env } = await scene({ task: "examples.add", args: [20, 22], options: {} });
    const worker = await startPythonWorker({ version, broker: url });
    await startCelerity(["beat", "-A", taskModule], env);
    await worker.waitForOutput(/succeeded in .*: 42/);
  });
});

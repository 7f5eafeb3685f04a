/** Celery's monitoring tools looking at a TypeScript worker: inspect and control, the event receiver, Flower. */

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type App, ownTaskNames } from "../../app/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { VERSION } from "../../version.ts";
import type { Worker } from "../../worker/index.ts";
import {
  type PythonClient,
  type PythonVersion,
  pythonVersions,
  startPythonClient,
  startPythonWorker,
} from "../helpers/python.ts";
import { pythonEnvironment, pythonFolder, requirePython } from "../helpers/python-environment.ts";
import { freePorts, temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";
import { backends, brokers } from "./places.ts";
import { createTestApp, startWorker } from "./sides.ts";

const POLL = { timeout: 20_000 };
const places = (["RabbitMQ", "Redis"] as const).flatMap((broker) =>
  pythonVersions().map((version) => [broker, version] as const),
);

describe.each(places)("on %s, Python Celery %s", (broker, version) => {
  let url: string;
  let app: App;
  let worker: Worker;
  let python: PythonClient;

  beforeAll(async () => {
    url = await brokers[broker]();
    const backend = await backends.Redis();
    // A worker shows what it holds itself.
    const held = { workerEtaParkAfter: null };
    app = createTestApp({ brokerUrl: url, resultBackend: backend, taskDefaultQueue: "ts", ...held });
    worker = await startWorker(app, ["ts"], { concurrency: 7, taskEvents: true });
    python = startPythonClient({ version, broker: url, backend });
  });

  /** The answer of the worker, which is the only one. */
  async function inspect(method: string, args: readonly unknown[] = []): Promise<unknown> {
    const answers = await python.inspect(method, args, { destination: [worker.hostname], timeout: 10 });
    expect(Object.keys(answers ?? {})).toEqual([worker.hostname]);
    return answers?.[worker.hostname];
  }

  test("inspects the worker", async () => {
    expect(await inspect("ping")).toEqual({ ok: "pong" });
    expect(await inspect("registered")).toEqual(ownTaskNames(app.tasks));
    expect(await inspect("active_queues")).toMatchObject([
      {
        name: "ts",
        routing_key: "ts",
        durable: true,
        exchange: { name: "ts", type: "direct", durable: true },
      },
    ]);
    expect(await inspect("conf")).toMatchObject({
      task_default_queue: "ts",
      accept_content: ["json", "yaml", "msgpack", "pickle"],
    });
    expect(JSON.stringify(await inspect("conf"))).not.toContain("guest:guest");
    await app.call("examples.add", { args: [2, 3], timeoutMs: 20_000 });
    expect(await inspect("stats")).toMatchObject({
      pid: process.pid,
      pool: { "max-concurrency": 7 },
      total: { "examples.add": expect.any(Number) },
    });
    expect(await inspect("report")).toEqual({ ok: expect.stringContaining(VERSION) });
  });

  test("answers whoever asks everybody", async () => {
    expect(await python.inspect("ping")).toEqual({ [worker.hostname]: { ok: "pong" } });
  });

  test("sees what runs and what waits, and revokes it", async () => {
    const folder = await temporaryFolder();
    const running = await app.sendTask("ts.gate", { args: [folder] });
    const later = await app.sendTask("examples.add", { args: [1, 2], countdown: 600 });
    await expect
      .poll(() => inspect("active"), POLL)
      .toMatchObject([
        {
          id: running.id,
          name: "ts.gate",
          args: [folder],
          hostname: worker.hostname,
          worker_pid: process.pid,
        },
      ]);
    expect(await inspect("scheduled")).toMatchObject([{ request: { id: later.id, args: [1, 2] } }]);
    expect(await inspect("query_task", [[running.id, later.id, "unknown"]])).toMatchObject({
      [running.id]: ["active", { id: running.id }],
      [later.id]: ["scheduled", { id: later.id }],
    });

    const soon = await app.sendTask("examples.add", { args: [1, 2], countdown: 1 });
    await python.evaluate(`app.control.revoke(['${soon.id}', '${later.id}'])`);
    await expect.poll(() => inspect("revoked"), POLL).toEqual([soon.id, later.id]);
    await expect(soon.get({ timeoutMs: 20_000 })).rejects.toMatchObject({
      code: "task_revoked",
      args: ["revoked"],
    });
    await Promise.all([writeFile(`${folder}/1`, ""), writeFile(`${folder}/2`, "")]);
    expect(await running.get({ timeoutMs: 20_000 })).toBe("open");
  });

  test("meets it when a Python worker starts", async () => {
    const other = await startPythonWorker({ version, broker: url, isSociable: true, args: ["-Q", "py"] });
    await other.waitForOutput(/mingle: sync with 1 nodes[\s\S]*mingle: sync complete/);
    await other.stop();
  });

  test("receives its events", async () => {
    const events = await startReceiver(version, url);
    // Now it listens.
    await events.expect("worker-heartbeat", { hostname: worker.hostname });
    const other = await startWorker(createTestApp({ brokerUrl: url }), ["other"]);
    const software = { sw_ident: "celerity", sw_ver: VERSION, sw_sys: "Linux", hostname: other.hostname };
    const facts = {
      pid: process.pid,
      freq: 2,
      active: 0,
      processed: 0,
      loadavg: [0, 0, 0].map(() => expect.any(Number)),
    };
    await events.expect("worker-online", { ...software, ...facts });
    await events.expect("worker-heartbeat", { ...software, ...facts });
    await other.stop();
    await events.expect("worker-offline", software);

    const good = await app.sendTask("examples.add", { args: [2, 3] });
    const common = { uuid: good.id, hostname: worker.hostname, pid: process.pid };
    await events.expect("task-received", {
      ...common,
      name: "examples.add",
      args: "(2, 3)",
      kwargs: "{}",
      retries: 0,
    });
    await events.expect("task-started", common);
    await events.expect("task-succeeded", { ...common, result: "5", runtime: expect.any(Number) });
    const bad = await app.sendTask("ts.fail", { args: ["too far"] });
    await events.expect("task-failed", {
      uuid: bad.id,
      exception: expect.stringContaining("too far"),
      traceback: expect.stringContaining("RangeError: too far\n"),
    });
    const again = await app.sendTask("ts.retry", { args: [1] });
    await events.expect("task-retried", { uuid: again.id });
    await events.expect("task-succeeded", { uuid: again.id, result: "1" });
    const expired = await app.sendTask("examples.add", { args: [1, 1], countdown: 0.4, expires: 0.2 });
    await events.expect("task-revoked", { uuid: expired.id, expired: true, terminated: false });
    const unknown = await app.sendTask("nobody.knows");
    await events.expect("task-failed", {
      uuid: unknown.id,
      exception: expect.stringContaining("nobody.knows"),
    });
  });
});

describe.each(["RabbitMQ", "Redis"] as const)("Flower on %s", (broker) => {
  test("shows a TypeScript worker, its queues and its tasks", async () => {
    const url = await brokers[broker]();
    const app = createTestApp({ brokerUrl: url, taskDefaultQueue: "ts" });
    const worker = await startWorker(app, ["ts"], { concurrency: 7, taskEvents: true });
    const site = await startFlower(url);
    const ask = async (path: string): Promise<unknown> => {
      const answer = await fetch(`${site}/api/${path}`);
      return answer.ok ? await answer.json() : answer.status;
    };
    await expect.poll(() => ask("workers?status=1"), POLL).toEqual({ [worker.hostname]: true });
    expect(await ask("workers?refresh=1")).toMatchObject({
      [worker.hostname]: {
        active_queues: [{ name: "ts" }],
        registered: ownTaskNames(app.tasks),
        stats: { pid: process.pid, pool: { "max-concurrency": 7 } },
      },
    });
    const { id } = await app.sendTask("examples.add", { args: [2, 3] });
    await expect
      .poll(() => ask(`task/info/${id}`), POLL)
      .toMatchObject({
        state: "SUCCESS",
        name: "examples.add",
        args: "(2, 3)",
        result: "5",
        worker: worker.hostname,
      });
  });
});

interface Events {
  /** Resolves once there was an event of the type with these facts. */
  expect(type: string, facts: Readonly<Record<string, unknown>>): Promise<void>;
}

async function startReceiver(version: PythonVersion, broker: string): Promise<Events> {
  const receiver = await startPython(version, broker, [
    fileURLToPath(new URL("python/receiver.py", import.meta.url)),
  ]);
  const events = (): Record<string, unknown>[] =>
    receiver
      .output()
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  return {
    expect: (type, facts) =>
      expect
        .poll(events, POLL)
        .toEqual(expect.arrayContaining([expect.objectContaining({ type, ...facts })])),
  };
}

/** Resolves to its address once it answers. */
async function startFlower(broker: string): Promise<string> {
  const port = await freePorts(1);
  const args = ["-m", "celery", "-A", "tasks_app", "flower", "--address=127.0.0.1", `--port=${port}`];
  const flower = await startPython("latest", broker, args);
  await flower.waitForOutput(/Connected to /);
  return `http://127.0.0.1:${port}`;
}

async function startPython(
  version: PythonVersion,
  broker: string,
  args: readonly string[],
): Promise<GuardedProcess> {
  const started = new GuardedProcess({
    command: requirePython(version),
    args,
    folder: await temporaryFolder(),
    stopSignal: "SIGTERM",
    cwd: pythonFolder,
    env: pythonEnvironment({ broker, env: { FLOWER_UNAUTHENTICATED_API: "true" } }),
  });
  cleanUp(() => started.stop());
  return started;
}

/** A worker's metrics, drain score and health, as a monitor and an orchestrator read them. */
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { Reject, type Retry } from "../../app/index.ts";
import type { Worker, WorkerLogger, WorkerOptions } from "../../worker/index.ts";
import { drainReport } from "../../worker/metrics/drain.ts";
import { freePorts, redisUrl } from "../helpers/services.ts";
import { publishRaw, testApp, testWorker } from "../helpers/worker.ts";
import { startProxy } from "../transports/redis-proxy.ts";

const POLL = { timeout: 30_000 };

interface Served {
  readonly worker: Worker;
  readonly url: string;
  /** The value of a metric with these labels; undefined when there is none. */
  readonly metric: (name: string) => Promise<number | undefined>;
  readonly get: (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;
}

async function serve(app: ReturnType<typeof testApp>, options: Partial<WorkerOptions> = {}): Promise<Served> {
  let url = "";
  const logger: WorkerLogger = {
    debug: () => undefined,
    warn: () => undefined,
    info: (facts) => {
      if ("url" in facts) url = String(facts.url);
    },
  };
  const worker = await testWorker(app, { pool: "async", metrics: { port: 0 }, logger, ...options });
  return {
    worker,
    url,
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const line = text.split("\n").find((one) => one.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.split(" ").at(-1));
    },
    async get(path) {
      const answer = await fetch(`${url}${path}`);
      return { status: answer.status, body: await answer.json() };
    },
  };
}

test("counts tasks by name and state, and how long they took", async () => {
  const app = testApp();
  app.task("add", (x: number, y: number) => x + y);
  app.task("fail", () => {
    throw new Error("no");
  });
  app.task("reject", () => {
    throw new Reject("no");
  });
  app.task("again", { bind: true, maxRetries: 1 }, (self) => {
    if (self.request.retries === 0) throw self.retry({ countdown: 0 }) satisfies Retry;
  });
  const { metric } = await serve(app);
  await app.call("add", { args: [1, 2], timeoutMs: 10_000 });
  await app.call("add", { args: [1, 2], timeoutMs: 10_000 });
  await app.call("again", { timeoutMs: 10_000 });
  for (const name of ["fail", "reject"]) await app.call(name, { timeoutMs: 10_000 }).catch(() => undefined);
  const late = await app.sendTask("add", { args: [1, 2], countdown: 0.2, expires: 0.1 });
  await late.get({ timeoutMs: 10_000 }).catch(() => undefined);

  await expect.poll(() => metric('celerity_tasks_total{task="add",state="REVOKED"}'), POLL).toBe(1);
  expect(await metric('celerity_tasks_total{task="add",state="SUCCESS"}')).toBe(2);
  expect(await metric('celerity_tasks_total{task="again",state="RETRY"}')).toBe(1);
  expect(await metric('celerity_tasks_total{task="again",state="SUCCESS"}')).toBe(1);
  expect(await metric('celerity_tasks_total{task="fail",state="FAILURE"}')).toBe(1);
  expect(await metric('celerity_tasks_total{task="reject",state="REJECTED"}')).toBe(1);
  expect(await metric('celerity_tasks_received_total{task="add"}')).toBe(3);
  expect(await metric('celerity_task_runtime_seconds_count{task="add"}')).toBe(2);
  expect(await metric('celerity_task_wait_seconds_count{task="add"}')).toBe(2);
});

test("strangers add no series: what nobody knows is counted by the reason", async () => {
  const app = testApp();
  const { url, metric } = await serve(app);
  for (let at = 0; at < 20; at += 1) await app.sendTask(`made.up.${at}`);
  await publishRaw(app, "celery", { body: Buffer.from("not json"), headers: { task: "made.up", id: "x" } });
  await expect.poll(() => metric('celerity_dead_letters_total{code="not_registered"}'), POLL).toBe(20);
  await expect.poll(() => metric('celerity_dead_letters_total{code="bad_body"}'), POLL).toBe(1);
  expect(await (await fetch(`${url}/metrics`)).text()).not.toContain("made.up");
});

test("tells what runs, what waits and what may run", async () => {
  const app = testApp({ workerEtaParkAfter: null });
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  app.task("wait", () => finished);
  const { metric, get } = await serve(app, { concurrency: 2 });
  expect((await get("/drain")).body).toEqual({
    score: 0,
    active: 0,
    waiting: 0,
    scheduled: 0,
    longestRunningSeconds: 0,
    runningSeconds: 0,
  });
  onTestFinished(finish);
  for (let at = 0; at < 3; at += 1) await app.sendTask("wait");
  await app.sendTask("wait", { countdown: 600 });
  await expect.poll(() => metric("celerity_tasks_active"), POLL).toBe(2);
  await expect.poll(() => metric("celerity_tasks_waiting"), POLL).toBe(1);
  await expect.poll(() => metric("celerity_tasks_scheduled"), POLL).toBe(1);
  expect(await metric("celerity_pool_slots")).toBe(2);
  expect(await metric("celerity_pool_processes")).toBe(1);
  expect(await metric("celerity_prefetch")).toBe(9);
  expect(await metric("celerity_broker_connected")).toBe(1);
  expect(await metric("celerity_broker_connections_total")).toBe(1);
  expect(await metric("celerity_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(await metric('celerity_event_loop_lag_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
  const { body } = await get("/drain");
  expect(body).toMatchObject({ active: 2, waiting: 1, scheduled: 1, score: expect.any(Number) });
  expect((body as { score: number }).score).toBeGreaterThanOrEqual(3);
});

test("counts the processes that were started", async () => {
  const appModule = fileURLToPath(new URL("child-pool-app.ts", import.meta.url));
  const { app } = (await import("./child-pool-app.ts")) as { app: ReturnType<typeof testApp> };
  const { worker, metric } = await serve(app, { pool: "prefork", concurrency: 1, appModule });
  expect(await metric("celerity_pool_processes_started_total")).toBe(1);
  const [pid = 0] = worker.parts?.lanes[0]?.pool.pids ?? [];
  process.kill(pid, "SIGKILL");
  await expect.poll(() => metric("celerity_pool_processes_started_total"), POLL).toBe(2);
});

test("the drain score grows with the work that would be lost, and not with what waits", () => {
  const job = (startedAtMs: number | undefined) => ({ startedAtMs });
  const report = (active: readonly (number | undefined)[], waiting = 0) =>
    drainReport(
      { jobs: { active: active.map(job), waiting: Array.from({ length: waiting }), scheduled: [] } } as never,
      100_000,
    );
  expect(report([], 5)).toMatchObject({ score: 0, waiting: 5 });
  expect(report([100_000])).toMatchObject({ score: 1, longestRunningSeconds: 0 });
  expect(report([undefined])).toMatchObject({ score: 1 });
  expect(report([99_500, 90_000])).toMatchObject({
    score: 13,
    longestRunningSeconds: 10,
    runningSeconds: 10.5,
  });
  expect(report([200_000])).toMatchObject({ score: 1, runningSeconds: 0 });
  expect(report([-1e15])).toMatchObject({ score: 2 ** 31 - 1 });
});

describe("/healthz", () => {
  test("is 503 before the worker takes messages, and when it stops", async () => {
    const app = testApp();
    const seen: number[] = [];
    let url = "";
    const ask = async (): Promise<void> => void seen.push((await fetch(`${url}/healthz`)).status);
    const logger: WorkerLogger = {
      debug: () => undefined,
      warn: () => undefined,
      info: (facts) => {
        if ("url" in facts) url = String(facts.url);
      },
    };
    const steps = [{ name: "asker", start: ask, stop: ask }];
    const worker = await testWorker(app, { pool: "async", metrics: { port: 0 }, logger, steps });
    await ask();
    await worker.stop();
    expect(seen).toEqual([503, 200, 503]);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  test("is 503 while the broker is away", async () => {
    const proxy = await startProxy(await redisUrl());
    onTestFinished(() => proxy.swallow("nothing"));
    const app = testApp({ brokerUrl: proxy.url, brokerConnectionTimeout: 0.5 });
    const { get, metric } = await serve(app);
    expect(await get("/healthz")).toEqual({ status: 200, body: { ready: true, connected: true } });
    proxy.swallow("both");
    proxy.cut();
    await expect
      .poll(() => get("/healthz"), POLL)
      .toEqual({ status: 503, body: { ready: false, connected: false } });
    proxy.swallow("nothing");
    await expect.poll(async () => (await get("/healthz")).status, POLL).toBe(200);
    expect(await metric("celerity_broker_connections_total")).toBe(2);
  });
});

test("there is nothing else, and nothing to change", async () => {
  const { url, get } = await serve(testApp());
  for (const path of ["/", "/constructor", "/metrics/", "//"]) expect((await get(path)).status).toBe(404);
  expect((await fetch(`${url}/drain`, { method: "POST" })).status).toBe(405);
  expect((await fetch(`${url}/drain?now`, { method: "HEAD" })).status).toBe(200);
  expect((await fetch(`${url}/metrics`)).headers.get("content-type")).toMatch(
    /^text\/plain; version=0\.0\.4/,
  );
});

test("a port in use is said so", async () => {
  const port = await freePorts(1);
  const other = createServer().listen(port, "127.0.0.1");
  onTestFinished(() => void other.close());
  await expect(serve(testApp(), { metrics: { port } })).rejects.toMatchObject({
    code: "bad_config",
    message: expect.stringMatching(/port \d+ \(--metrics-port\): .*EADDRINUSE/),
  });
});

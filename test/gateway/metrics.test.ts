import { describe, expect, it, test, vi } from "vitest";
import { BoundedNames } from "../../gateway/metrics/bounded-names.ts";
import { DURATION_BUCKETS, Durations } from "../../gateway/metrics/durations.ts";
import { GatewayFacts } from "../../gateway/metrics/gateway-facts.ts";
import { pageText } from "../helpers/documentation.ts";
import { publishRaw, testWorker } from "../helpers/worker.ts";
import { openGateway, post, read, storeState } from "./place.ts";

async function scrape(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return answer.text();
}

/** Value of a series; undefined when it is not there. */
function seriesOf(text: string, series: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

describe("the page for Prometheus", () => {
  it("counts requests by the pattern of their path, and tasks by name and state", async () => {
    const { app, url } = await openGateway();
    app.task("add", (x: number, y: number) => x + y);
    await testWorker(app, { pool: "async" });
    const sent = await read(post(`${url}/v1/tasks`, { task: "add", args: [1, 2] }, { prefer: "wait=20" }));
    expect(sent.body["state"]).toBe("SUCCESS");
    for (const id of ["a", "b", "c"]) await fetch(`${url}/v1/tasks/${id}`);
    await (await fetch(`${url}/nothing/here`)).text();
    await fetch(`${url}/v1/tasks`, { method: "PURGE" });
    await vi.waitFor(async () => {
      const text = await scrape(url);
      const requests = "celery_gateway_http_requests_total";
      expect(seriesOf(text, `${requests}{method="POST",route="/v1/tasks",status="200"}`)).toBe(1);
      expect(seriesOf(text, `${requests}{method="GET",route="/v1/tasks/{id}",status="404"}`)).toBe(3);
      expect(seriesOf(text, `${requests}{method="GET",route="other",status="404"}`)).toBe(1);
      expect(seriesOf(text, `${requests}{method="other",route="other",status="405"}`)).toBe(1);
      const seconds = "celery_gateway_http_request_seconds";
      expect(seriesOf(text, `${seconds}_count{method="GET",route="/v1/tasks/{id}"}`)).toBe(3);
      expect(seriesOf(text, `${seconds}_bucket{method="GET",route="/v1/tasks/{id}",le="+Inf"}`)).toBe(3);
      expect(seriesOf(text, "celery_gateway_submit_seconds_count")).toBe(1);
      expect(seriesOf(text, `celery_gateway_tasks_total{task="add",state="PENDING"}`)).toBe(1);
      expect(seriesOf(text, `celery_gateway_tasks_total{task="add",state="SUCCESS"}`)).toBe(1);
      expect(text).toContain("process_resident_memory_bytes ");
    });
  });

  it("counts a change once, however many see it", async () => {
    const { app, url } = await openGateway();
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t" }));
    const self = `${url}/v1/tasks/${body["id"]}`;
    const waits = [1, 2, 3].map(() => read(fetch(self, { headers: { prefer: "wait=30" } })));
    const streams = [fetch(`${self}/events`), fetch(`${self}/events`)];
    const opened = await Promise.all(streams);
    await expect.poll(() => scrape(url)).toContain("celery_gateway_waits 3");
    await storeState(app, String(body["id"]), "SUCCESS", 5);
    for (const { body: seen } of await Promise.all(waits)) expect(seen["state"]).toBe("SUCCESS");
    for (const stream of opened) expect(await stream.text()).toContain("event: end");
    const series = `celery_gateway_tasks_total{task="t",state="SUCCESS"}`;
    expect(seriesOf(await scrape(url), series)).toBe(1);
  });

  it("shows queues, dead letters, waits and streams as they are", async () => {
    const { app, url } = await openGateway({ queues: ["other"] });
    for (let at = 0; at < 3; at += 1) await publishRaw(app, "other", {});
    await publishRaw(app, "other.dead", {});
    const stop = new AbortController();
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t" }));
    const wait = fetch(`${url}/v1/tasks/${body["id"]}`, {
      headers: { prefer: "wait=50" },
      signal: stop.signal,
    });
    const stream = await fetch(`${url}/v1/events`, { signal: stop.signal });
    await vi.waitFor(async () => {
      const text = await scrape(url);
      expect(seriesOf(text, `celery_gateway_queue_ready{queue="other"}`)).toBe(3);
      expect(seriesOf(text, `celery_gateway_dead_letters{queue="other"}`)).toBe(1);
      expect(seriesOf(text, "celery_gateway_waits")).toBe(1);
      expect(seriesOf(text, "celery_gateway_streams")).toBe(1);
    }, 20_000);
    stop.abort();
    await Promise.allSettled([wait, stream.text()]);
  });

  it("has Flower's metrics, from the events of workers", async () => {
    const { app, url } = await openGateway();
    app.task("add", (x: number, y: number) => x + y);
    await scrape(url);
    await testWorker(app, { pool: "async", hostname: "w1@shop", taskEvents: true });
    // Events that nobody listens to yet are gone, so tasks are sent until one is heard of.
    await vi.waitFor(async () => {
      await app.sendTask("add", { args: [1, 2] });
      const text = await scrape(url);
      const labels = `worker="w1@shop",task="add"`;
      expect(
        seriesOf(text, `flower_events_total{worker="w1@shop",type="task-succeeded",task="add"}`),
      ).toBeGreaterThan(0);
      expect(seriesOf(text, `flower_task_runtime_seconds_count{${labels}}`)).toBeGreaterThan(0);
      expect(seriesOf(text, `flower_task_prefetch_time_seconds{${labels}}`)).toBeGreaterThanOrEqual(0);
      expect(text).toContain(`flower_worker_prefetched_tasks{${labels}} `);
      expect(seriesOf(text, `flower_worker_online{worker="w1@shop"}`)).toBe(1);
      expect(text).toContain(`flower_worker_number_of_currently_executing_tasks{worker="w1@shop"} `);
    }, 30_000);
  });

  it("comes without the queues when the broker is away", async () => {
    const { url } = await openGateway({
      settings: { brokerUrl: "redis://127.0.0.1:1/0", taskPublishDeadline: 5 },
    });
    const text = await scrape(url);
    expect(text).not.toContain("celery_gateway_queue_ready{");
    expect(text).toContain("celery_gateway_streams 0");
  });
});

test("the page in docs/ names all metrics", async () => {
  const { url } = await openGateway();
  const names = [...(await scrape(url)).matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
  const own = names.filter((name) => !/^(?:process|nodejs)_/.test(name));
  expect(own).toHaveLength(16);
  const page = pageText("monitoring.md");
  expect(own.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

describe("the counts", () => {
  it("have a bound, whatever strangers call their tasks", () => {
    const facts = new GatewayFacts();
    for (let at = 0; at < 1000; at += 1) {
      facts.taskState(`task-${at}`, "PENDING");
      facts.taskState("task-0", `STATE-${at}`);
      facts.webhookAttempt(`outcome-${at}`);
      facts.answered(`M${at}`, "other", 404, 0.1);
    }
    expect(facts.tasks.size).toBeLessThan(300);
    expect(facts.tasks.get("other PENDING")?.count).toBe(800);
    expect(facts.webhookAttempts.size).toBe(31);
    expect(facts.answers.size).toBe(1);
    const names = new BoundedNames(1);
    expect([names.fit("a"), names.fit("b"), names.fit("a")]).toEqual(["a", "other", "a"]);
  });

  it("put each duration into the first bucket that holds it", () => {
    const durations = new Durations();
    for (const seconds of [0, 0.001, 0.0011, 60, 61]) durations.add(seconds);
    expect([durations.count, durations.sum]).toEqual([5, 121.0021]);
    expect(durations.buckets[0]).toBe(2);
    expect(durations.buckets[1]).toBe(1);
    expect(durations.buckets.slice(-2)).toEqual([1, 1]);
    expect(durations.buckets).toHaveLength(DURATION_BUCKETS.length + 1);
  });
});

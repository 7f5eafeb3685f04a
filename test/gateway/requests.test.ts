import { context, propagation, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { pino } from "pino";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { takeMessages } from "../helpers/worker.ts";
import { openGateway, post, read, sendRaw } from "./place.ts";

interface Line {
  readonly msg: string;
  readonly method?: string;
  readonly route?: string;
  readonly path?: string;
  readonly status?: number;
  readonly ms?: number;
  readonly bytes?: number;
  readonly requestId?: string;
  readonly taskId?: string;
  readonly err?: object;
}

/** A logger, and the lines it has written. */
function memoryLogger() {
  const written: string[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => void written.push(line) });
  const lines = (): readonly Line[] => written.map((line) => JSON.parse(line) as Line);
  return { logger, written, lines };
}

describe("the access log", () => {
  it("has a line for each request, without its query", async () => {
    const { logger, lines } = memoryLogger();
    const { url } = await openGateway({ logger, accessLog: true });
    const sent = await post(`${url}/v1/tasks`, { task: "t" }, { "x-request-id": "order-7" });
    expect(sent.headers.get("x-request-id")).toBe("order-7");
    const { id } = (await sent.json()) as { id: string };
    const seen = await fetch(`${url}/v1/tasks/${id}?token=secret`);
    const text = await seen.text();
    await (await fetch(`${url}/nothing?token=secret`)).text();
    const accesses = (): readonly Line[] => lines().filter(({ route }) => route !== undefined);
    await vi.waitFor(() => expect(accesses()).toHaveLength(3), 20_000);
    const [first, second, third] = accesses();
    expect(first).toMatchObject({
      method: "POST",
      route: "/v1/tasks",
      path: "/v1/tasks",
      status: 202,
      requestId: "order-7",
      taskId: id,
      ms: expect.any(Number),
    });
    expect(first?.msg).toMatch(/^POST \/v1\/tasks 202 in [\d.]+ ms$/);
    expect(second).toMatchObject({
      route: "/v1/tasks/{id}",
      path: `/v1/tasks/${id}`,
      bytes: Buffer.byteLength(text),
    });
    expect(second?.requestId).toBe(seen.headers.get("x-request-id"));
    expect(second?.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(third).toMatchObject({ route: "other", path: "/nothing", status: 404 });
    expect(JSON.stringify(lines())).not.toContain("secret");
  });

  it("tells of a stream when it is over", async () => {
    const { logger, lines } = memoryLogger();
    const { url } = await openGateway({ logger, accessLog: true });
    const stop = new AbortController();
    const stream = await fetch(`${url}/v1/events`, { signal: stop.signal });
    const find = (): Line | undefined => lines().find(({ route }) => route === "/v1/events");
    expect(find()).toBeUndefined();
    stop.abort();
    await stream.text().catch(() => undefined);
    await vi.waitFor(() => expect(find()).toMatchObject({ status: 200 }), 20_000);
  });

  it("is one line, whatever a stranger sends", async () => {
    const { logger, written, lines } = memoryLogger();
    const { port } = await openGateway({ logger, accessLog: true });
    const path = `/v1/tasks/%0a%0dINFO:%20forged\u2028${"x".repeat(5000)}`;
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: a b"\tc\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(port, Buffer.from(request, "latin1"));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(answer).toMatch(/x-request-id: [0-9a-f-]{36}\r\n/);
    await vi.waitFor(() => expect(lines().some(({ ms }) => ms !== undefined)).toBe(true), 20_000);
    for (const line of written) expect(line.split("\n")).toHaveLength(2);
    expect(lines().find(({ ms }) => ms !== undefined)?.path?.length).toBeLessThanOrEqual(500);
  });

  it("is off unless it is asked for, and requests have ids when they bring some", async () => {
    const { logger, lines } = memoryLogger();
    const { url } = await openGateway({ logger });
    expect((await fetch(`${url}/healthz`)).headers.get("x-request-id")).toBeNull();
    const named = await fetch(`${url}/healthz`, { headers: { "x-request-id": "mine" } });
    expect(named.headers.get("x-request-id")).toBe("mine");
    expect(lines().filter(({ ms }) => ms !== undefined)).toEqual([]);
  });

  it("says in answers of our own faults where to look", async () => {
    const { logger, lines } = memoryLogger();
    const settings = { resultBackend: "redis://127.0.0.1:1/0" };
    const { url } = await openGateway({ logger, settings });
    const { status, body } = await read(fetch(`${url}/v1/tasks/x`));
    expect(status).toBe(503);
    expect(lines().find(({ err }) => err !== undefined)?.requestId).toBe(body["request_id"]);
  });
});

describe("with OpenTelemetry", () => {
  // First: who has traced once goes on with the provider of then.
  it("nothing is made when nobody traces", async () => {
    const { app, url } = await openGateway();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const sent = await post(`${url}/v1/tasks`, { task: "t" }, { traceparent });
    expect(sent.headers.get("traceresponse")).toBeNull();
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(delivery?.message?.headers["traceparent"]).toBe(traceparent);
  });

  it("the caller, the request and the task's message are one trace", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
    onTestFinished(async () => {
      await provider.shutdown();
      for (const api of [trace, context, propagation]) api.disable();
    });
    const { app, url } = await openGateway();
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const sent = await post(
      `${url}/v1/tasks?token=secret`,
      { task: "t" },
      { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: "shop=1", baggage: "user=7" },
    );
    expect(sent.status).toBe(202);
    await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(2), 20_000);
    const [publish, server] = exporter.getFinishedSpans();
    expect(server).toMatchObject({
      name: "POST /v1/tasks",
      parentSpanContext: { spanId: "b7ad6b7169203331" },
      attributes: {
        "http.request.method": "POST",
        "http.route": "/v1/tasks",
        "http.response.status_code": 202,
        "url.path": "/v1/tasks",
        "url.scheme": "http",
      },
    });
    expect(publish?.name).toBe("apply_async/t");
    expect(publish?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
    for (const span of [publish, server]) expect(span?.spanContext().traceId).toBe(traceId);
    expect(sent.headers.get("traceresponse")).toBe(`00-${traceId}-${server?.spanContext().spanId}-01`);
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(delivery?.message?.headers).toMatchObject({
      traceparent: `00-${traceId}-${publish?.spanContext().spanId}-01`,
      tracestate: "shop=1",
      baggage: "user=7",
    });
    exporter.reset();
    await read(fetch(`${url}/v1/tasks/none`));
    await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(1), 20_000);
    expect(exporter.getFinishedSpans()[0]?.parentSpanContext).toBeUndefined();
  });
});

/** Traces through tasks, in the pools that run them here and in other processes. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { beforeAll, describe, expect, test } from "vitest";
import { type App, createApp } from "../../app/index.ts";
import { signature } from "../../protocol/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker } from "../../worker/index.ts";
import { redisUrl, temporaryFolder } from "../helpers/services.ts";
import { takeMessages } from "../helpers/worker.ts";

const POLL = { timeout: 30_000 };
const WAIT = { timeoutMs: 20_000 };
const appModule = fileURLToPath(new URL("tracing-app.ts", import.meta.url));

interface SpanLine {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: SpanStatusCode; readonly message?: string };
  readonly happened: readonly string[];
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly pid: number;
}

let app: App;
let file: string;

beforeAll(async () => {
  file = `${await temporaryFolder()}/spans`;
  const url = await redisUrl();
  Object.assign(process.env, { SPAN_FILE: file, CELERY_BROKER_URL: url, CELERY_RESULT_BACKEND: url });
  ({ app } = (await import("./tracing-app.ts")) as { app: App });
  cleanUp(() => app.close());
});

function spans(): readonly SpanLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as SpanLine);
}

/** The spans of a trace from its root down, once there are so many. */
async function traceOf(traceId: string, count: number): Promise<readonly SpanLine[]> {
  const find = (): readonly SpanLine[] => spans().filter((span) => span.traceId === traceId);
  await expect.poll(() => find().length, POLL).toBe(count);
  return find();
}

/** Names of the spans that lead to this one, the first one first. */
function pathOf(span: SpanLine, all: readonly SpanLine[]): readonly string[] {
  const parent = all.find(({ spanId }) => spanId === span.parent);
  return parent === undefined ? [span.name] : [...pathOf(parent, all), span.name];
}

/** Calls with a span of ours active; resolves to its trace and the result. */
async function inSpan<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly traceId: string; readonly result: Result }> {
  const span = trace.getTracer("test").startSpan("request");
  const result = await context.with(trace.setSpan(context.active(), span), work);
  span.end();
  return { traceId: span.spanContext().traceId, result };
}

describe.each(["async", "prefork", "threads"])("in the pool %s", (pool) => {
  beforeAll(async () => {
    const queue = `q-${pool}`;
    const worker = createWorker({
      app,
      queues: [queue],
      pool,
      appModule,
      concurrency: 1,
      hostname: `${pool}@here`,
    });
    cleanUp(() => worker.stop());
    await worker.start();
  });

  test("a chain of three tasks is one trace", async () => {
    const step = (number: number) => ({ ...signature("add", [number]), options: { queue: `q-${pool}` } });
    const { traceId, result } = await inSpan(() =>
      app.sendTask("add", { args: [1, 2], queue: `q-${pool}`, chain: [step(4), step(3)] }),
    );
    await result.get(WAIT);
    const found = await traceOf(traceId, 7);
    const last = found.filter(({ name }) => name === "run/add").at(-1);
    expect(pathOf(last as SpanLine, found)).toEqual([
      "request",
      ...["apply_async/add", "run/add", "apply_async/add", "run/add", "apply_async/add", "run/add"],
    ]);
    expect(last?.kind).toBe(SpanKind.CONSUMER);
    if (pool === "prefork") expect(last?.pid).not.toBe(process.pid);
    expect(last?.attributes).toMatchObject({
      "celery.action": "run",
      "celery.task_name": "add",
      "celery.state": "SUCCESS",
      "messaging.system": "redis",
      "messaging.operation.type": "process",
      "messaging.destination.name": `q-${pool}`,
      "messaging.message.id": expect.stringMatching(/^[\da-f-]{36}$/),
      "messaging.message.conversation_id": result.id,
    });
    expect(found.find(({ kind }) => kind === SpanKind.PRODUCER)?.attributes).toMatchObject({
      "celery.action": "apply_async",
      "messaging.operation.type": "send",
      "messaging.message.body.size": expect.any(Number),
    });
  });

  test("a retry stays in its trace, and says why", async () => {
    const { traceId, result } = await inSpan(() => app.sendTask("again", { queue: `q-${pool}` }));
    await result.get(WAIT);
    const found = await traceOf(traceId, 5);
    const runs = found.filter(({ name }) => name === "run/again");
    expect(pathOf(runs[1] as SpanLine, found)).toHaveLength(5);
    expect(runs.map(({ attributes }) => [attributes["celery.state"], attributes["celery.retries"]])).toEqual([
      ["RETRY", 0],
      ["SUCCESS", 1],
    ]);
    expect(runs[0]?.attributes["celery.retry.reason"]).toBe("Error: not yet");
  });

  test("a failure is an error of its span", async () => {
    const { traceId, result } = await inSpan(() => app.sendTask("fail", { queue: `q-${pool}` }));
    await result.get(WAIT).catch(() => undefined);
    const run = (await traceOf(traceId, 3)).find(({ name }) => name === "run/fail");
    expect(run).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: "RangeError: too far" },
      happened: ["exception"],
      attributes: { "error.type": "RangeError", "celery.state": "FAILURE" },
    });
  });

  test("a task that is sent from a task continues the trace", async () => {
    const inner = createWorker({ app, pool: "async", hostname: `inner-${pool}@here`, mingle: false });
    cleanUp(() => inner.stop());
    await inner.start();
    const { traceId, result } = await inSpan(() => app.sendTask("outer", { queue: `q-${pool}` }));
    const innerId = String(await result.get(WAIT));
    expect(await app.result(innerId).get(WAIT)).toBe(traceId);
    await inner.stop();
  });
});

test("without an active span the trace of the message's own headers goes on", async () => {
  const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
  await app.sendTask("add", { queue: "unread", headers: { traceparent, tracestate: "a=b", mine: 1 } });
  const [delivery] = await takeMessages(app, "unread", 1);
  const { headers } = delivery?.message ?? {};
  expect(headers).toMatchObject({ tracestate: "a=b", mine: 1, task: "add" });
  const [span] = await traceOf("ab".repeat(16), 1);
  expect(headers?.["traceparent"]).toBe(`00-${"ab".repeat(16)}-${span?.spanId}-01`);
  expect(span?.parent).toBe("cd".repeat(8));
});

test("a message that cannot be sent is an error of its span", async () => {
  const away = createApp({
    env: {},
    brokerUrl: "redis://127.0.0.1:1/0",
    taskPublishDeadline: 0.1,
    onWarning: () => undefined,
  });
  cleanUp(() => away.close());
  const { traceId } = await inSpan(() => away.sendTask("add").catch(() => undefined));
  const sent = (await traceOf(traceId, 2)).find(({ kind }) => kind === SpanKind.PRODUCER);
  expect(sent).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { "error.type": "BrokerError" },
  });
});

test("headers of strangers break nothing", async () => {
  const headers = { traceparent: ["x"], tracestate: 5, baggage: "%%%" };
  await app.sendTask("add", { queue: "unread", headers });
  const [delivery] = await takeMessages(app, "unread", 1);
  expect(delivery?.message?.headers["traceparent"]).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
});

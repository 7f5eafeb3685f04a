/** How callbacks are tried, tried again and given up. */

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { DEFAULT_WEBHOOK_SETTINGS } from "../../gateway/webhooks/options.ts";
import { nextTryMs } from "../../gateway/webhooks/retry-schedule.ts";
import { sqliteFile } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { type Answer, type GatewayPlace, openGateway, post, read, storeState } from "./place.ts";
import {
  type CallbackPlaceOptions,
  openCallbackGateway,
  openReceiver,
  type Receiver,
  serve,
  TestClock,
} from "./receiver.ts";

const POLL = { timeout: 20_000 };

interface Place extends GatewayPlace {
  readonly receiver: Receiver;
  readonly clock: TestClock;
}

/** A gateway whose time stands still, and whose retries have no chance in them. */
async function openPlace(options: Partial<CallbackPlaceOptions> = {}): Promise<Place> {
  const receiver = await openReceiver();
  const clock = new TestClock();
  const place = await openCallbackGateway({
    ...options,
    ports: [receiver.port, ...(options.ports ?? [])],
    webhooks: { now: clock.now, jitter: 0, ...options.webhooks },
  });
  return { ...place, receiver, clock };
}

/** Sends a task that no worker takes, and ends it. */
async function endTask(place: GatewayPlace, callback: object): Promise<string> {
  const { status, body } = await read(post(`${place.url}/v1/tasks`, { task: "x", queue: "none", callback }));
  expect(status).toBe(202);
  const id = String(body["id"]);
  await storeState(place.app, id, "SUCCESS", 1);
  return id;
}

async function deliveryOf({ url }: GatewayPlace, task: string): Promise<Record<string, unknown>> {
  const list = await read(fetch(`${url}/v1/webhook-deliveries?task=${task}`));
  const [first] = list.body["deliveries"] as { readonly id: string }[];
  return first === undefined ? {} : (await read(fetch(`${url}/v1/webhook-deliveries/${first.id}`))).body;
}

/** Polls until the delivery of a task is as expected. */
async function expectDelivery(
  place: GatewayPlace,
  task: string,
  expected: object,
): Promise<Record<string, unknown>> {
  await expect.poll(() => deliveryOf(place, task), POLL).toMatchObject(expected);
  return deliveryOf(place, task);
}

function act({ url }: GatewayPlace, path: string, method = "POST", body?: object): Promise<Answer> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return read(fetch(url + path, { method, ...init }));
}

describe("a delivery that fails", () => {
  it("is tried again on the schedule with the same id and body, and is then given up", async () => {
    const place = await openPlace();
    const { receiver, clock } = place;
    receiver.fallback = { status: 500, body: "out of order" };
    const task = await endTask(place, { url: receiver.url });
    const { scheduleSeconds } = DEFAULT_WEBHOOK_SETTINGS;
    expect(scheduleSeconds).toEqual([0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    for (const [tries, seconds] of scheduleSeconds.entries()) {
      if (tries > 0) {
        // Not a second early.
        const { next_at: next } = await expectDelivery(place, task, { attempted: tries, status: "pending" });
        expect(Date.parse(String(next)) - clock.now()).toBeGreaterThan(seconds * 1000 - 1000);
        clock.forward(seconds - 1);
        await new Promise((resolve) => setTimeout(resolve, 60));
        expect(receiver.calls).toHaveLength(tries);
        clock.forward(1);
      }
      await receiver.called(tries + 1);
    }
    const delivery = await expectDelivery(place, task, {
      ...{ attempted: 10, status: "failed", reason: "attempts-used-up" },
      type: "celery.task.succeeded",
    });
    expect(delivery["attempts"]).toHaveLength(10);
    expect(delivery["attempts"]).toContainEqual(
      expect.objectContaining({ attempt: 2, status: 500, answer: "out of order", ms: expect.any(Number) }),
    );
    expect(delivery).not.toHaveProperty("next_at");
    const { calls } = receiver;
    expect(new Set(calls.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([delivery["id"]]));
    expect(new Set(calls.map(({ body }) => body.toString())).size).toBe(1);
    expect(calls.map(({ headers }) => headers["webhook-attempt"])).toEqual(
      scheduleSeconds.map((_, at) => String(at + 1)),
    );
    const stamps = calls.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(stamps.at(-1)).toBe(Math.floor(clock.now() / 1000));
  });

  it("can be delivered again, with the same id and body", async () => {
    const place = await openPlace({ webhooks: { scheduleSeconds: [0] } });
    const { receiver } = place;
    receiver.replies.push(404);
    const task = await endTask(place, { url: receiver.url });
    const { id } = await expectDelivery(place, task, { status: "failed", reason: "attempts-used-up" });
    const again = await act(place, `/v1/webhook-deliveries/${String(id)}:redeliver`);
    expect([again.status, again.body["status"]]).toEqual([202, "pending"]);
    const [first, second] = await receiver.called(2);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.headers["webhook-attempt"]).toBe("2");
    expect(second?.body).toEqual(first?.body);
    await expectDelivery(place, task, { status: "delivered", attempted: 2 });
    // What was delivered can be sent once more, too.
    await act(place, `/v1/webhook-deliveries/${String(id)}:redeliver`);
    await receiver.called(3);
  });

  it.each([301, 302, 307, 308])("because of a redirect (%d) is not followed", async (status) => {
    const place = await openPlace({ webhooks: { scheduleSeconds: [0] } });
    const { receiver } = place;
    receiver.fallback = { status, headers: { location: `${receiver.url}/elsewhere` } };
    const task = await endTask(place, { url: receiver.url });
    const { attempts } = await expectDelivery(place, task, { status: "failed" });
    expect(attempts).toEqual([
      expect.objectContaining({ status, error: expect.stringMatching(/^redirect_refused: /) }),
    ]);
    expect(receiver.calls).toHaveLength(1);
  });

  it("because nobody listens is tried again", async () => {
    const place = await openPlace({ ports: [9], webhooks: { scheduleSeconds: [0, 5] } });
    const task = await endTask(place, { url: "http://127.0.0.1:9/" });
    const { attempts } = await expectDelivery(place, task, { status: "pending", attempted: 1 });
    expect(attempts).toEqual([
      expect.objectContaining({ error: expect.stringMatching(/^connection_failed: /) }),
    ]);
  });

  it("waits a little longer by chance", () => {
    const schedule = { scheduleSeconds: [0, 100], jitter: 0.1 };
    expect([nextTryMs(schedule, 1, 0), nextTryMs(schedule, 1, 1), nextTryMs(schedule, 2, 0)]).toEqual([
      100_000,
      110_000,
      undefined,
    ]);
  });
});

describe("a receiver that asks for a pause", () => {
  it.each([429, 502, 503, 504])("with %d gets it, for all that goes to it", async (status) => {
    const place = await openPlace();
    const { receiver, clock } = place;
    receiver.replies.push({ status, headers: { "retry-after": "400" } });
    const first = await endTask(place, { url: receiver.url });
    await expectDelivery(place, first, { status: "pending", attempted: 1 });
    const second = await endTask(place, { url: receiver.url });
    const other = await endTask(place, { url: `${receiver.url}/other` });
    await expectDelivery(place, other, { status: "delivered" });
    clock.forward(399);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(receiver.calls.map(({ path }) => path)).toEqual(["/", "/other"]);
    expect(await deliveryOf(place, second)).toMatchObject({ status: "pending", attempted: 0 });
    clock.forward(2);
    await expectDelivery(place, first, { status: "delivered", attempted: 2 });
    await expectDelivery(place, second, { status: "delivered", attempted: 1 });
  });

  it("without saying how long gets a minute", async () => {
    const place = await openPlace();
    const { receiver, clock } = place;
    receiver.replies.push(503);
    const task = await endTask(place, { url: receiver.url });
    const { next_at: next } = await expectDelivery(place, task, { attempted: 1 });
    expect(Date.parse(String(next)) - clock.now()).toBe(60_000);
  });

  it.each([
    ["a year", "31536000"],
    ["a date", new Date(Date.now() + 1e10).toUTCString()],
  ])("of %s gets a day", async (_, retryAfter) => {
    const place = await openPlace();
    const { receiver, clock } = place;
    receiver.replies.push({ status: 429, headers: { "retry-after": retryAfter } });
    const task = await endTask(place, { url: receiver.url });
    const { next_at: next } = await expectDelivery(place, task, { attempted: 1 });
    expect(Date.parse(String(next)) - clock.now()).toBe(86_400_000);
  });
});

describe("an endpoint", () => {
  const PUT = { url: "", subscribe: { on: ["success"] } };

  it("that answers 410 is disabled, and what comes after stays in the log until it is wanted again", async () => {
    const place = await openPlace();
    const { receiver } = place;
    await act(place, "/v1/webhook-endpoints/hook", "PUT", { ...PUT, url: receiver.url });
    receiver.replies.push(410);
    const first = await endTask(place, { endpoint: "hook" });
    await expectDelivery(place, first, { status: "failed", reason: "gone", attempted: 1, endpoint: "hook" });
    await expect
      .poll(async () => (await act(place, "/v1/webhook-endpoints/hook", "GET")).body, POLL)
      .toMatchObject({ disabled: true, disabled_reason: "gone" });
    const second = await endTask(place, { endpoint: "hook" });
    const { id } = await expectDelivery(place, second, { status: "failed", reason: "endpoint-disabled" });
    expect(receiver.calls).toHaveLength(1);
    // Its subscription rests as well.
    const unnamed = await read(post(`${place.url}/v1/tasks`, { task: "x", queue: "none" }));
    await storeState(place.app, String(unnamed.body["id"]), "SUCCESS", 1);
    expect((await act(place, "/v1/webhook-endpoints/hook:enable")).body).toMatchObject({ disabled: false });
    await act(place, `/v1/webhook-deliveries/${String(id)}:redeliver`);
    await expectDelivery(place, second, { status: "delivered" });
    expect(receiver.calls.map(({ json }) => json["data"])).toEqual([
      expect.objectContaining({ id: first }),
      expect.objectContaining({ id: second }),
    ]);
  });

  it("whose deliveries fail for days is disabled; one success in between begins anew", async () => {
    const place = await openPlace({
      webhooks: { disableAfterSeconds: 600, scheduleSeconds: [0, 400, 400, 400] },
    });
    const { receiver, clock } = place;
    const endpoint = async () => (await act(place, "/v1/webhook-endpoints/hook", "GET")).body;
    await act(place, "/v1/webhook-endpoints/hook", "PUT", { url: receiver.url });
    receiver.replies.push(500, 500, 200);
    const first = await endTask(place, { endpoint: "hook" });
    await expectDelivery(place, first, { attempted: 1 });
    await expect.poll(endpoint, POLL).toMatchObject({ failing_since: expect.any(String) });
    clock.forward(400);
    await expectDelivery(place, first, { attempted: 2 });
    clock.forward(400);
    await expectDelivery(place, first, { status: "delivered" });
    await expect.poll(endpoint, POLL).not.toHaveProperty("failing_since");
    receiver.fallback = 500;
    const second = await endTask(place, { endpoint: "hook" });
    for (const attempted of [1, 2]) {
      await expectDelivery(place, second, { attempted });
      expect(await endpoint()).toMatchObject({ disabled: false });
      clock.forward(400);
    }
    await expect.poll(endpoint, POLL).toMatchObject({ disabled: true, disabled_reason: "failing" });
    clock.forward(400);
    await expectDelivery(place, second, { status: "failed", reason: "endpoint-disabled", attempted: 3 });
  });

  it("that is removed gets nothing more", async () => {
    const place = await openPlace();
    const { receiver, clock } = place;
    await act(place, "/v1/webhook-endpoints/hook", "PUT", { url: receiver.url });
    receiver.fallback = 500;
    const task = await endTask(place, { endpoint: "hook" });
    await expectDelivery(place, task, { attempted: 1 });
    expect((await act(place, "/v1/webhook-endpoints/hook", "DELETE")).status).toBe(204);
    clock.forward(5);
    await expectDelivery(place, task, { status: "failed", reason: "endpoint-removed" });
    expect(receiver.calls).toHaveLength(1);
  });
});

describe("a hostile receiver", () => {
  it("that never ends its answer counts by its status, and 1 kB of it is kept", async () => {
    const port = await serve((req, res) => {
      req.resume();
      res.writeHead(200);
      const timer = setInterval(() => res.write("x".repeat(100_000)), 5);
      res.on("close", () => clearInterval(timer));
    });
    const place = await openPlace({ ports: [port] });
    const task = await endTask(place, { url: `http://127.0.0.1:${port}/` });
    const { attempts } = await expectDelivery(place, task, { status: "delivered" });
    expect(attempts).toEqual([expect.objectContaining({ status: 200, answer: "x".repeat(1024) })]);
  });

  it("that says nothing is given up in time", async () => {
    const silent = createServer(() => undefined);
    onTestFinished(() => void silent.close());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const place = await openPlace({ ports: [port], webhooks: { timeoutMs: 150, scheduleSeconds: [0] } });
    const task = await endTask(place, { url: `http://127.0.0.1:${port}/` });
    const { attempts } = await expectDelivery(place, task, { status: "failed" });
    expect(attempts).toEqual([expect.objectContaining({ error: expect.stringMatching(/^timeout: /) })]);
  });

  it("behind a name that changes its address is not reached", async () => {
    const receiver = await openReceiver();
    let asked = 0;
    const lookup = async () => {
      asked += 1;
      return [
        { address: "93.184.215.14", family: 4 as const },
        { address: "127.0.0.1", family: 4 as const },
      ];
    };
    const place = await openPlace({ egress: { allowCidrs: [], allowPorts: [receiver.port], lookup } });
    const task = await endTask(place, { url: `http://rebind.example:${receiver.port}/` });
    const delivery = await expectDelivery(place, task, { status: "failed", reason: "not-sendable" });
    expect(asked).toBe(1);
    const [attempt] = delivery["attempts"] as Record<string, unknown>[];
    expect(attempt?.["error"]).toMatch(/^url_forbidden: /);
    expect(attempt).not.toHaveProperty("answer");
    expect(JSON.stringify(delivery)).not.toContain("127.0.0.1");
    expect(receiver.calls).toHaveLength(0);
  });

  it("behind a name that cannot be resolved is tried again", async () => {
    const lookup = () => Promise.reject(new Error("SERVFAIL"));
    const place = await openPlace({ egress: { lookup } });
    const task = await endTask(place, { url: "http://hook.example/" });
    const { attempts } = await expectDelivery(place, task, { status: "pending", attempted: 1 });
    expect(attempts).toEqual([expect.objectContaining({ error: expect.stringMatching(/^lookup_failed: /) })]);
  });

  it("does not show its answers where private addresses may be called, unless that is asked for", async () => {
    const receiver = await openReceiver();
    receiver.fallback = { status: 200, body: "internal" };
    const place = await openGateway({
      egress: { allowCidrs: ["127.0.0.0/8"], allowPorts: [receiver.port] },
      webhooks: { pollMs: 20 },
    });
    const task = await endTask(place, { url: receiver.url });
    const { attempts } = await expectDelivery(place, task, { status: "delivered" });
    expect(attempts).toEqual([expect.not.objectContaining({ answer: expect.anything() })]);
  });
});

describe("bounds", () => {
  it("hold so many calls to one host at a time", async () => {
    let running = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const port = await serve((req, res) => {
      req.resume();
      running += 1;
      most = Math.max(most, running);
      waiting.push(() => {
        running -= 1;
        res.writeHead(204).end();
      });
    });
    const place = await openCallbackGateway({ ports: [port], webhooks: { concurrencyPerHost: 2 } });
    const tasks = await Promise.all(
      Array.from({ length: 5 }, () => endTask(place, { url: `http://127.0.0.1:${port}/` })),
    );
    await vi.waitFor(() => expect(waiting.length).toBe(2), POLL);
    const timer = setInterval(() => waiting.shift()?.(), 10);
    onTestFinished(() => clearInterval(timer));
    for (const task of tasks) await expectDelivery(place, task, { status: "delivered" });
    expect(most).toBe(2);
  });

  it("end the watch of a task that nobody hears of", async () => {
    const warnings: string[] = [];
    const logger = {
      ...{ debug: () => undefined, info: () => undefined, error: () => undefined },
      warn: (_: object, message: string) => void warnings.push(message),
    };
    const place = await openPlace({ logger, webhooks: { giveUpSeconds: 3600, maxLookSeconds: 60 } });
    const { clock, receiver } = place;
    const { body } = await read(
      post(`${place.url}/v1/tasks`, { task: "x", queue: "none", callback: { url: receiver.url } }),
    );
    for (let minutes = 0; minutes < 70; minutes += 2) {
      clock.forward(120);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await expect.poll(() => warnings, POLL).toContainEqual(expect.stringContaining(String(body["id"])));
    // It is not watched any more.
    await storeState(place.app, String(body["id"]), "SUCCESS", 1);
    clock.forward(3600);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(receiver.calls).toHaveLength(0);
  });
});

/** Stores that two gateways can share. */
const SHARED = {
  memory: async () => ({ stateStore: createMemoryState() }),
  SQLite: async () => ({ stateUrl: `sqlite:///${await sqliteFile()}` }),
} as const;

describe.each(Object.entries(SHARED))("two gateways on one store (%s)", (_, share) => {
  it("deliver once, whoever hears of the end first", async () => {
    const app = testApp();
    const receiver = await openReceiver();
    const options = {
      app,
      ...(await share()),
      ports: [receiver.port],
      webhooks: { firstLookSeconds: 0.01, maxLookSeconds: 0.02 },
    };
    const [one, two] = [await openCallbackGateway(options), await openCallbackGateway(options)];
    const tasks = await Promise.all(
      Array.from({ length: 40 }, (_, at) => endTask(at % 2 === 0 ? one : two, { url: receiver.url })),
    );
    for (const task of tasks) await expectDelivery(two, task, { status: "delivered", attempted: 1 });
    expect(receiver.calls).toHaveLength(40);
  });

  it("take over what one of them leaves", async () => {
    const app = testApp();
    const receiver = await openReceiver();
    const options = { app, ...(await share()), ports: [receiver.port], webhooks: { firstLookSeconds: 0.2 } };
    const one = await openCallbackGateway(options);
    const { body } = await read(
      post(`${one.url}/v1/tasks`, { task: "x", queue: "none", callback: { url: receiver.url } }),
    );
    await one.gateway.close();
    await storeState(app, String(body["id"]), "SUCCESS", 1);
    const two = await openCallbackGateway(options);
    await expectDelivery(two, String(body["id"]), { status: "delivered", attempted: 1 });
  });
});

/** The log of deliveries, and the loop that works off an agenda. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import type { Agenda } from "../../gateway/state/state-store.ts";
import { newTaskId } from "../../gateway/task-id.ts";
import { createMemoryTaskIndex, type TaskEntry } from "../../gateway/task-index.ts";
import { AgendaLoop, type AgendaLoopOptions } from "../../gateway/webhooks/agenda-loop.ts";
import { DeliveryLog } from "../../gateway/webhooks/delivery-log.ts";
import { deliveryId, tenantPrefix } from "../../gateway/webhooks/places.ts";
import { nextLookMs } from "../../gateway/webhooks/watch.ts";
import { Webhooks } from "../../gateway/webhooks/webhooks.ts";
import { testApp } from "../helpers/worker.ts";
import { storeState } from "./place.ts";
import { openReceiver, TestClock } from "./receiver.ts";

const POLL = { timeout: 20_000 };

const EVENT = {
  ...{ id: "wh_1", taskId: "t-1", task: "t", type: "celery.task.succeeded" },
  ...{ url: "https://example.com/", contentType: "application/json", body: "{}" },
};

function openLog() {
  const state = createMemoryState();
  const clock = new TestClock();
  return { state, clock, log: new DeliveryLog(state, { retentionMs: 60_000, now: clock.now }) };
}

describe("a delivery", () => {
  it("is made once, whoever makes it", async () => {
    const { state, log } = openLog();
    const made = await Promise.all([log.make("/", EVENT), log.make("/", { ...EVENT, body: "[]" })]);
    expect(made.filter((outcome) => outcome === "made")).toHaveLength(1);
    expect((await state.agenda.summary("webhook-due")).count).toBe(1);
    expect(await log.body("/wh_1")).toBe("{}");
    expect(await log.make("/", EVENT)).toBe("known");
  });

  it("that its maker has left half made is made by the next, though not at once", async () => {
    const { state, clock, log } = openLog();
    await log.make("/", EVENT);
    await state.agenda.remove("webhook-due", "/wh_1", clock.now());
    expect(await log.make("/", EVENT)).toBe("unsure");
    expect((await state.agenda.summary("webhook-due")).count).toBe(0);
    clock.forward(31);
    expect(await log.make("/", EVENT)).toBe("made");
    expect((await state.agenda.summary("webhook-due")).count).toBe(1);
  });

  it("that has ended is not made again", async () => {
    const { state, clock, log } = openLog();
    await log.make("/", EVENT);
    const known = await log.find("/wh_1");
    if (known === undefined) throw new Error("There is no delivery.");
    const { delivery, version } = known;
    expect(await log.save("/wh_1", { ...delivery, status: "delivered" }, version)).toBe(true);
    expect(await log.save("/wh_1", { ...delivery, status: "failed" }, version)).toBe(false);
    await state.agenda.remove("webhook-due", "/wh_1", clock.now());
    clock.forward(31);
    expect(await log.make("/", EVENT)).toBe("known");
    expect((await state.agenda.summary("webhook-due")).count).toBe(0);
  });

  it("has an id of its task, event and target, the newest first", () => {
    const identity = { firstSentAtMs: 1_767_323_045_000, taskId: "t", event: "success", target: "url x" };
    const id = deliveryId(identity);
    expect(id).toMatch(/^wh_[0-9a-f]{12}_[A-Za-z0-9_-]{22}$/);
    expect(deliveryId({ ...identity })).toBe(id);
    expect(deliveryId({ ...identity, firstSentAtMs: identity.firstSentAtMs + 1 }) < id).toBe(true);
    const others = [{ taskId: "u" }, { event: "failure" }, { target: "url y" }].map((other) =>
      deliveryId({ ...identity, ...other }),
    );
    expect(new Set([id, ...others]).size).toBe(4);
    expect(new Set([undefined, "", "a", "b"].map(tenantPrefix)).size).toBe(4);
  });
});

describe("a task that is sent again by a repeated request", () => {
  const ENTRY: TaskEntry = {
    ...{ id: "0d7f1c0e-6a2f-5c39-8a53-2f1d9f3a7b11", task: "t", queue: "q", state: "PENDING" },
    ...{ submittedAtMs: 1_767_323_045_000, doneAtMs: null, etaMs: null, ignoreResult: false },
    ...{ tags: [], tenant: null, owner: null, replayedFrom: null },
  };

  it.each([ENTRY.id, newTaskId(Date.now())])("has one callback: %s", async (id) => {
    const receiver = await openReceiver();
    const app = testApp();
    const state = createMemoryState();
    const webhooks = new Webhooks({
      ...{
        app,
        state,
        index: createMemoryTaskIndex(),
        allowTraceback: false,
        pollMs: 20,
        firstLookSeconds: 0.05,
      },
      egress: { allowCidrs: ["127.0.0.0/8"], allowPorts: [receiver.port] },
      onWarning: () => undefined,
    });
    onTestFinished(() => webhooks.stop());
    await webhooks.start();
    const on = ["success"] as const;
    const callback = { url: receiver.url, on, mode: "full", format: "webhook", traceback: false } as const;
    const audience = { tenant: undefined, base: "", trace: {}, callback };
    await webhooks.register({ ...ENTRY, id }, audience);
    await storeState(app, id, "SUCCESS", 1);
    await receiver.called(1);
    await webhooks.register({ ...ENTRY, id, submittedAtMs: ENTRY.submittedAtMs + 5000 }, audience);
    await vi.waitFor(async () => expect((await state.agenda.summary("webhook-watch")).count).toBe(0), POLL);
    const { deliveries } = await webhooks.log.list(tenantPrefix(undefined), { limit: 10 });
    expect(deliveries).toHaveLength(1);
    expect(receiver.calls).toHaveLength(1);
  });
});

describe("looks for a result", () => {
  it("come at growing intervals, up to a limit", () => {
    const settings = { firstLookSeconds: 2, maxLookSeconds: 300 };
    expect([0, 1, 2, 8, 1e6].map((looks) => nextLookMs(looks, settings))).toEqual([
      2000, 4000, 8000, 300_000, 300_000,
    ]);
  });
});

describe("a loop over an agenda", () => {
  function openLoop(options: Partial<AgendaLoopOptions> = {}) {
    const { agenda } = createMemoryState();
    const done: string[] = [];
    const warnings: string[] = [];
    const loop = new AgendaLoop({
      ...{ agenda, topic: "t", leaseMs: 60_000, limit: 2, pollMs: 20, now: Date.now },
      work: async (entry) => {
        done.push(entry.id);
        await agenda.settle("t", entry);
      },
      onWarning: (message) => void warnings.push(message),
      ...options,
    });
    onTestFinished(() => loop.stop());
    loop.start();
    return { agenda, done, warnings, loop };
  }

  it("does what is due, more than fits at a time", async () => {
    const { agenda, done } = openLoop();
    for (let at = 0; at < 20; at += 1) await agenda.put("t", { id: String(at), dueAtMs: 0, value: "" });
    await vi.waitFor(() => expect(new Set(done).size).toBe(20), POLL);
    expect(done).toHaveLength(20);
  });

  it("does nothing before its time", async () => {
    const { agenda, done, loop } = openLoop({ pollMs: 60_000 });
    const dueAtMs = Date.now() + 300;
    await agenda.put("t", { id: "later", dueAtMs, value: "" });
    loop.wakeAt(dueAtMs);
    await vi.waitFor(() => expect(done).toEqual(["later"]), POLL);
    expect(Date.now()).toBeGreaterThanOrEqual(dueAtMs);
  });

  it("goes on when work fails, or the store does", async () => {
    const { agenda } = createMemoryState();
    let failures = 2;
    const shaky: Agenda = Object.assign(Object.create(agenda) as Agenda, {
      claim: (...call: Parameters<Agenda["claim"]>) => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error("away")) : agenda.claim(...call);
      },
    });
    const done: string[] = [];
    const { warnings } = openLoop({
      agenda: shaky,
      work: async ({ id }) => {
        if (id === "bad") throw new Error("bad");
        done.push(id);
      },
    });
    await agenda.put("t", { id: "bad", dueAtMs: 0, value: "" });
    await agenda.put("t", { id: "good", dueAtMs: 1, value: "" });
    await vi.waitFor(() => expect(done).toEqual(["good"]), POLL);
    expect(warnings).toContain("Callbacks cannot be read from the gateway's store");
    expect(warnings).toContain("A callback is tried again later");
  });
});

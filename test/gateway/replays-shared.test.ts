/** Replays of dead letters: who may begin one, and what several gateways know of it. */
import { describe, expect, it } from "vitest";
import { type ReplayRecord, ReplayRecords } from "../../gateway/dead-letters/replay-records.ts";
import type { Policy } from "../../gateway/index.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { takeMessages } from "../helpers/worker.ts";
import { type AccessPlace, OPERATOR, openAccess, openAnother, posted } from "./access-place.ts";
import { deadCount, die } from "./letters.ts";
import { type Answer, read } from "./place.ts";

const FOREVER = { timeout: 30_000 };
const CLERK: Policy = {
  submit: ["billing.*"],
  queues: ["celery"],
  scopes: ["dead-letters:read", "dead-letters:write"],
  read: "all",
};

async function openPlace(): Promise<AccessPlace> {
  const place = await openAccess({ queues: ["other"] });
  await (await place.app.connection()).declareQueue(place.app.router.queue("celery"));
  return place;
}

async function replayLink({ as }: AccessPlace, key: string, taskId: string): Promise<string> {
  const { body } = await read(as(key, "/v1/dead-letters?queue=celery"));
  const letters = body["dead_letters"] as readonly {
    readonly task_id: string;
    readonly links: { readonly replay: string };
  }[];
  return letters.find((letter) => letter.task_id === taskId)?.links.replay ?? "";
}

describe("a dead letter is sent again", () => {
  it("by those only who may send its task, and to queues that they may use", async () => {
    const place = await openPlace();
    const { app, as, key } = place;
    const clerk = await key(CLERK);
    await die(app, { id: "a1", task: "billing.pay" });
    await die(app, { id: "a2", task: "admin.drop" });
    // It says itself where it came from.
    await publishFromElsewhere(place);
    for (const [id, type] of [
      ["a2", "task-forbidden"],
      ["a3", "queue-forbidden"],
    ] as const) {
      const link = await replayLink(place, clerk, id);
      const { status, body } = await read(as(clerk, link, { method: "POST" }));
      expect([status, body["type"]]).toEqual([403, `/problems/${type}`]);
    }
    expect(await deadCount(app)).toBe(3);
    const begun = await read(as(clerk, "/v1/replays", posted({ queue: "celery", rate_per_s: 1000 })));
    const look = async (): Promise<object> => (await read(as(clerk, `/v1/replays/${begun.body["id"]}`))).body;
    await expect
      .poll(look, FOREVER)
      .toMatchObject({ state: "done", moved: 1, refused: 2, kept: 0, failed: 0 });
    const [sent] = await takeMessages(app, "celery", 1);
    expect(sent?.message?.headers["task"]).toBe("billing.pay");
    await expect.poll(() => deadCount(app), FOREVER).toBe(2);
    const operator = await key(OPERATOR);
    const link = await replayLink(place, operator, "a2");
    expect((await as(operator, link, { method: "POST" })).status).toBe(202);
  });
});

async function publishFromElsewhere({ app }: AccessPlace): Promise<void> {
  await die(app, { id: "a3", task: "billing.pay", queue: "other", place: "celery" });
}

describe("several gateways", () => {
  it("have one replay of a queue, and each can read and cancel it", async () => {
    const first = await openPlace();
    const second = await openAnother(first);
    const operator = await first.key(OPERATOR);
    for (let at = 0; at < 10; at += 1) await die(first.app, { id: `a${at}` });
    const begin = (place: AccessPlace): Promise<Answer> =>
      read(place.as(operator, "/v1/replays", posted({ queue: "celery", rate_per_s: 0.5 })));
    const begun = await begin(first);
    expect(begun.status).toBe(202);
    const other = await begin(second);
    expect([other.status, other.body["type"], other.body["id"]]).toEqual([
      409,
      "/problems/replay-active",
      begun.body["id"],
    ]);
    const look = async (place: AccessPlace): Promise<object> =>
      (await read(place.as(operator, `/v1/replays/${begun.body["id"]}`))).body;
    expect(await look(second)).toMatchObject({ state: "running", queue: "celery" });
    const cancelled = await read(
      second.as(operator, `/v1/replays/${begun.body["id"]}`, { method: "DELETE" }),
    );
    expect(cancelled.body).toMatchObject({ state: "cancelled", ended_at: expect.any(String) });
    await expect.poll(() => look(first), FOREVER).toMatchObject({ state: "cancelled" });
    await expect.poll(async () => (await begin(second)).status, FOREVER).toBe(202);
  });

  it("know that a replay is interrupted when its gateway ends, and can begin another", async () => {
    const first = await openPlace();
    const second = await openAnother(first);
    const operator = await first.key(OPERATOR);
    for (let at = 0; at < 10; at += 1) await die(first.app, { id: `a${at}` });
    const order = posted({ queue: "celery", rate_per_s: 0.5 });
    const begun = await read(first.as(operator, "/v1/replays", order));
    const look = async (): Promise<object> =>
      (await read(second.as(operator, `/v1/replays/${begun.body["id"]}`))).body;
    expect(await look()).toMatchObject({ state: "running" });
    await first.gateway.close();
    expect(await look()).toMatchObject({ state: "interrupted", total: 10, ended_at: expect.any(String) });
    expect((await second.as(operator, "/v1/replays", order)).status).toBe(202);
  });
});

describe("a replay whose gateway was killed", () => {
  const record = (id: string): ReplayRecord => ({
    id,
    queue: "celery",
    toQueue: undefined,
    filter: {},
    ratePerSecond: 1,
    state: "running",
    total: 5,
    moved: 2,
    failed: 0,
    kept: 0,
    refused: 0,
    startedAtMs: Date.now(),
    endedAtMs: undefined,
  });

  it("is interrupted once its lease has ended; it cannot come back when another one runs", async () => {
    const state = createMemoryState();
    const [dead, alive] = [new ReplayRecords(state.records, 300), new ReplayRecords(state.records)];
    expect(await dead.begin(record("a"))).toBeUndefined();
    expect(await alive.begin(record("b"))).toBe("a");
    expect(await alive.get("a")).toMatchObject({ state: "running" });
    await expect.poll(() => alive.get("a"), FOREVER).toMatchObject({ state: "interrupted", moved: 2 });
    expect(await alive.begin(record("b"))).toBeUndefined();
    expect(await dead.save(record("a"))).toBe("lost");
    expect(await alive.save({ ...record("b"), moved: 3 })).toBe("mine");
    expect(await dead.get("b")).toMatchObject({ state: "running", moved: 3 });
    expect(await alive.save({ ...record("b"), state: "done" })).toBe("mine");
    expect(await dead.begin(record("c"))).toBeUndefined();
  });

  it("keeps its lease for as long as it is saved", async () => {
    const records = new ReplayRecords(createMemoryState().records, 500);
    await records.begin(record("a"));
    for (let at = 0; at < 8; at += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await records.save(record("a"))).toBe("mine");
    }
    expect(await records.get("a")).toMatchObject({ state: "running" });
    await records.cancel("a");
    expect(await records.save(record("a"))).toBe("cancelled");
    expect(await records.begin(record("b"))).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { DEAD_LETTER_HEADERS } from "../../app/index.ts";
import type { WireMessage } from "../../protocol/index.ts";
import { publishRaw, takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { BROKERS } from "./brokers.ts";
import { BODY, deadCount, die } from "./letters.ts";
import { type GatewayPlace, openGateway, post, read, storeState } from "./place.ts";

async function placeOn(broker: string): Promise<GatewayPlace> {
  const brokerUrl = await (BROKERS[broker] ?? (() => Promise.reject(new Error(broker))))();
  const place = await openGateway({ settings: { brokerUrl, taskRoutes: { x: "other" } } });
  // As a worker has done before anything can die.
  await (await place.app.connection()).declareQueue(place.app.router.queue("celery"));
  return place;
}

interface Summary {
  readonly id: string;
  readonly queue: string;
  readonly task_id: string;
  readonly links: { readonly self: string; readonly replay: string };
}

/** A listing that may still be the one of a second ago. */
async function list({ url }: GatewayPlace, query = ""): Promise<readonly Summary[]> {
  const { status, body } = await read(fetch(`${url}/v1/dead-letters${query}`));
  expect(status).toBe(200);
  return body["dead_letters"] as Summary[];
}

const ids = (letters: readonly Summary[]): string[] => letters.map((letter) => letter.task_id);

const FOREVER = { timeout: 30_000 };

describe.each(Object.keys(BROKERS))("dead letters on %s", (broker) => {
  it("are listed, the oldest first, in pages, and stay where they are", async () => {
    const place = await placeOn(broker);
    const { app, url } = place;
    for (const at of [1, 2, 3, 4, 5]) await die(app, { id: `a${at}`, task: at % 2 === 0 ? "even" : "odd" });
    await die(app, { id: "b1", queue: "other", code: "bad_body" });
    expect(ids(await list(place))).toEqual(["a1", "a2", "a3", "a4", "a5", "b1"]);
    expect(ids(await list(place, "?queue=other"))).toEqual(["b1"]);
    expect(ids(await list(place, "?task=even"))).toEqual(["a2", "a4"]);
    expect(ids(await list(place, "?reason=bad_body&queue=celery"))).toEqual([]);
    const seen: string[] = [];
    for (let next: string | undefined = "/v1/dead-letters?limit=2"; next !== undefined; ) {
      const { body, headers } = await read(fetch(url + next));
      seen.push(...ids(body["dead_letters"] as Summary[]));
      next = body["next"] as string | undefined;
      expect(headers.get("link")).toBe(next === undefined ? null : `<${next}>; rel="next"`);
    }
    expect(seen).toEqual(["a1", "a2", "a3", "a4", "a5", "b1"]);
    expect(await deadCount(app)).toBe(5);
    const { status, body } = await read(fetch(`${url}/v1/dead-letters?queue=nobody`));
    expect([status, body["type"]]).toEqual([404, "/problems/unknown-queue"]);
    expect((await fetch(`${url}/v1/dead-letters?cursor=x`)).status).toBe(422);
  });

  it("are shown whole, sent again byte for byte and removed", async () => {
    const place = await placeOn(broker);
    const { app, url } = place;
    for (const id of ["a1", "a2", "a3"]) await die(app, { id });
    const [first, second, third] = await list(place);
    const shown = await fetch(url + second?.links.self);
    const text = await shown.text();
    // As its own text: the number would not survive being parsed.
    expect(text).toContain(`"body":${BODY.toString()}`);
    expect(JSON.parse(text)).toMatchObject({
      id: second?.id,
      queue: "celery",
      reason: "not_registered",
      detail: "because",
      task: "t",
      task_id: "a2",
      died_at: "2026-01-02T03:04:05Z",
      worker: "w1@shop",
      bytes: BODY.byteLength,
      content_type: "application/json",
      headers: { task: "t", id: "a2", lang: "py" },
      body_base64: BODY.toString("base64"),
    });
    const { status, headers, body } = await read(post(url + second?.links.replay, ""));
    expect(status).toBe(202);
    expect(headers.get("location")).toBe("/v1/tasks/a2");
    expect(body).toMatchObject({
      id: "a2",
      task: "t",
      queue: "celery",
      state: "PENDING",
      replayed_from: second?.id,
    });
    expect(body["replay_id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect((await read(fetch(`${url}/v1/tasks/a2`))).body).toMatchObject({ task: "t", state: "PENDING" });
    const [delivery] = await takeMessages(app, "celery", 1);
    const sent = delivery?.message as WireMessage;
    expect(Buffer.from(sent.body).equals(BODY)).toBe(true);
    expect(sent.headers).toEqual({ task: "t", id: "a2", lang: "py" });
    expect(sent.properties.correlationId).toBe("a2");
    for (const again of [post(url + second?.links.replay, ""), fetch(url + second?.links.self)])
      expect((await read(again)).body["type"]).toBe("/problems/unknown-dead-letter");
    expect(ids(await list(place))).toEqual(["a1", "a3"]);
    expect((await fetch(url + first?.links.self, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(url + first?.links.self, { method: "DELETE" })).status).toBe(404);
    expect(await list(place)).toEqual([third]);
    expect(await deadCount(app)).toBe(1);
  });

  it("are sent again by the filter, at the rate, and the rest stay in their order", async () => {
    const place = await placeOn(broker);
    const { app, url } = place;
    for (let at = 0; at < 30; at += 1) {
      const task = at % 3 === 0 ? "no" : "yes";
      await die(app, { id: `a${at}`, task, at: `2026-01-02T03:04:${String(at).padStart(2, "0")}Z` });
    }
    const filter = { task: "yes", since: "2026-01-02T03:04:05Z", until: "2026-01-02T04:04:25+01:00" };
    const meant = Array.from({ length: 30 }, (_, at) => at).filter(
      (at) => at % 3 !== 0 && at >= 5 && at <= 25,
    );
    const started = performance.now();
    const begun = await read(
      post(`${url}/v1/replays`, { queue: "celery", to_queue: "other", filter, rate_per_s: 20 }),
    );
    expect(begun.status).toBe(202);
    const self = String(begun.headers.get("location"));
    expect(begun.body).toMatchObject({
      state: "running",
      queue: "celery",
      to_queue: "other",
      rate_per_s: 20,
    });
    const second = await read(post(`${url}/v1/replays`, { queue: "celery" }));
    expect([second.status, second.body["type"], second.body["id"]]).toEqual([
      409,
      "/problems/replay-active",
      begun.body["id"],
    ]);
    const state = async (): Promise<unknown> => (await read(fetch(url + self))).body["state"];
    await expect.poll(state, FOREVER).toBe("done");
    // The first goes at once, each further one 50 ms after the one before.
    expect(performance.now() - started).toBeGreaterThan((meant.length - 1) * 50 - 50);
    expect((await read(fetch(url + self))).body).toMatchObject({
      total: 30,
      moved: meant.length,
      failed: 0,
      kept: 30 - meant.length,
      ended_at: expect.any(String),
    });
    const taken = await takeMessages(app, "other", meant.length);
    expect(taken.map(({ message }) => message?.headers["id"])).toEqual(meant.map((at) => `a${at}`));
    for (const { message } of taken) expect(Buffer.from(message?.body ?? []).equals(BODY)).toBe(true);
    const left = ids(await list(place, "?limit=100"));
    expect(left).toEqual(
      Array.from({ length: 30 }, (_, at) => at)
        .filter((at) => !meant.includes(at))
        .map((at) => `a${at}`),
    );
  });

  it("stay when a replay is cancelled, or the gateway ends", async () => {
    const place = await placeOn(broker);
    const { app, url, gateway } = place;
    for (let at = 0; at < 20; at += 1) await die(app, { id: `a${at}` });
    const begin = async (): Promise<string> => {
      const { body } = await read(post(`${url}/v1/replays`, { queue: "celery", rate_per_s: 2 }));
      return `${url}/v1/replays/${body["id"]}`;
    };
    const first = await begin();
    await expect.poll(async () => (await read(fetch(first))).body["moved"], FOREVER).toBeGreaterThan(1);
    const { body } = await read(fetch(first, { method: "DELETE" }));
    expect(body).toMatchObject({ state: "cancelled", total: 20, ended_at: expect.any(String) });
    expect((await read(fetch(first, { method: "DELETE" }))).body).toEqual(body);
    const moved = Number(body["moved"]);
    await expect.poll(() => deadCount(app), FOREVER).toBe(20 - moved);
    const again = await begin();
    await expect.poll(async () => (await read(fetch(again))).body["moved"], FOREVER).toBeGreaterThan(0);
    await gateway.close();
    const sizes = async (): Promise<number> =>
      (await (await app.connection()).queueSize("celery")) + (await deadCount(app));
    await expect.poll(sizes, FOREVER).toBe(20);
  });
});

describe("dead letters", () => {
  it("of a real worker run when they are sent to one that can", async () => {
    const place = await openGateway();
    const { app, url } = place;
    const unable = await testWorker(app, { pool: "async" });
    const sent = await read(post(`${url}/v1/tasks`, { task: "late", args: [2, 3] }, { prefer: "wait=20" }));
    expect(sent.body).toMatchObject({ state: "FAILURE" });
    await unable.stop();
    await expect.poll(() => deadCount(app), FOREVER).toBe(1);
    const [letter] = await list(place);
    expect(letter?.task_id).toBe(sent.body["id"]);
    expect((await read(post(url + letter?.links.replay, ""))).status).toBe(202);
    const able = testApp({ brokerUrl: app.settings.brokerUrl, resultBackend: app.settings.resultBackend });
    able.task("late", (x: number, y: number) => x + y);
    await testWorker(able, { pool: "async" });
    // The old FAILURE is not in the way.
    const done = await read(fetch(`${url}/v1/tasks/${sent.body["id"]}`, { headers: { prefer: "wait=20" } }));
    expect(done.body).toMatchObject({ state: "SUCCESS", result: 5 });
  });

  it("leave a result alone that is not theirs", async () => {
    const place = await openGateway();
    const { app, url } = place;
    await die(app, { code: "replay" });
    await storeState(app, "id-1", "SUCCESS", 5);
    const [letter] = await list(place);
    expect((await read(post(url + letter?.links.replay, ""))).status).toBe(202);
    expect((await read(fetch(`${url}/v1/tasks/id-1`))).body).toMatchObject({ state: "SUCCESS", result: 5 });
  });

  it("that never were messages stay, and can be looked at", async () => {
    const place = await openGateway();
    const { app, url } = place;
    await publishRaw(app, "celery.dead", {
      body: Buffer.from([0, 255, 7]),
      contentType: "application/octet-stream",
      headers: { [DEAD_LETTER_HEADERS.code]: "bad_envelope" },
    });
    const [letter] = await list(place);
    const shown = await read(fetch(url + letter?.links.self));
    expect(shown.body).toMatchObject({ reason: "bad_envelope", headers: {}, body_base64: "AP8H" });
    expect(shown.body).not.toHaveProperty("body");
    const refused = await read(post(url + letter?.links.replay, ""));
    expect([refused.status, refused.body["type"]]).toEqual([409, "/problems/not-replayable"]);
    const { body } = await read(post(`${url}/v1/replays`, { queue: "celery" }));
    const look = async (): Promise<object> => (await read(fetch(`${url}/v1/replays/${body["id"]}`))).body;
    await expect.poll(look, FOREVER).toMatchObject({ state: "done", failed: 1, moved: 0, total: 1 });
    expect(await deadCount(app)).toBe(1);
  });

  it.each([
    [{}, 422],
    [{ queue: "nobody" }, 404],
    [{ queue: "celery", to_queue: "nobody" }, 404],
    [{ queue: "celery", rate_per_s: 0 }, 422],
    [{ queue: "celery", filter: { until: "2026-01-02" } }, 422],
    [{ queue: "celery", filter: { since: "2027-01-01T00:00:00Z", until: "2026-01-01T00:00:00Z" } }, 422],
    [{ queue: "celery", filter: { color: "red" } }, 422],
  ])("are not sent again for %j", async (body, status) => {
    const { url } = await openGateway();
    expect((await post(`${url}/v1/replays`, body)).status).toBe(status);
    expect((await fetch(`${url}/v1/replays/none`)).status).toBe(404);
  });
});

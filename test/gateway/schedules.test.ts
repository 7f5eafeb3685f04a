/** Schedules over HTTP, and the beat that obeys them. */
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBeat, createFileSeat, openAppScheduleStore } from "../../beat/index.ts";
import { schedulePlace } from "../../gateway/index.ts";
import { sqliteFile, temporaryFolder } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { type Answer, openGateway, post, read } from "./place.ts";

const PLACES = {
  "a file": async () => join(await temporaryFolder(), "schedule"),
  "SQL tables": async () => `sqlite:///${await sqliteFile()}`,
} as const;

/** A gateway with schedules of its own, and ways to ask for them. */
async function openSchedules(where: keyof typeof PLACES = "a file") {
  const place = await PLACES[where]();
  const { app, url } = await openGateway({ schedules: place });
  const send = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    read(
      fetch(`${url}/v1/schedules${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  return { app, url, place, send };
}

const HOURLY = { task: "report", cron: "0 * * * *", timezone: "Europe/Berlin" };

describe.each(Object.keys(PLACES) as (keyof typeof PLACES)[])("schedules in %s", (where) => {
  it("are made, read, replaced and removed", async () => {
    const { send } = await openSchedules(where);
    const made = await send("PUT", "/hourly", {
      ...HOURLY,
      args: [1],
      kwargs: { x: 2 },
      queue: "q",
      priority: 3,
    });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe("/v1/schedules/hourly");
    expect(made.body).toMatchObject({
      ...HOURLY,
      name: "hourly",
      args: [1],
      kwargs: { x: 2 },
      queue: "q",
      priority: 3,
      enabled: true,
      origin: "store",
      total_runs: 0,
    });
    const seen = await send("GET", "/hourly?due=2");
    expect(seen.body["next_due"]).toEqual([expect.stringMatching(/:00:00\+00:00$/), expect.any(String)]);
    const again = await send("PUT", "/hourly", seen.body);
    expect(again.status).toBe(200);
    expect(again.headers.get("etag")).toBe(seen.headers.get("etag"));
    const replaced = await send("PUT", "/hourly", { task: "report", every: "PT1M30S" });
    expect(replaced.body).toMatchObject({ every: 90, args: [] });
    expect(replaced.body).not.toHaveProperty("cron");
    expect((await send("DELETE", "/hourly")).status).toBe(204);
    expect((await send("DELETE", "/hourly")).body["type"]).toBe("/problems/unknown-schedule");
    expect((await send("GET", "/hourly")).status).toBe(404);
  });

  it("are paused and resumed", async () => {
    const { send } = await openSchedules(where);
    await send("PUT", "/often", { task: "t", every: 2 });
    const paused = await send("POST", "/often:pause");
    expect(paused).toMatchObject({ status: 200, body: { enabled: false, next_due: [] } });
    expect((await send("POST", "/often:pause")).status).toBe(200);
    expect((await send("POST", "/often:resume")).body).toMatchObject({ enabled: true });
    expect((await send("GET", "/often")).body["next_due"]).toHaveLength(5);
    expect((await send("POST", "/none:pause")).status).toBe(404);
  });

  it("are obeyed by a beat that runs already", async () => {
    const { app, send, place } = await openSchedules(where);
    app.task("count", () => 1);
    await testWorker(app);
    const beat = createBeat({
      app,
      seat: createFileSeat({ path: join(await temporaryFolder(), "runs.json") }),
      store: openAppScheduleStore(app, schedulePlace(place)),
    });
    onTestFinished(() => beat.stop());
    beat.start();
    await send("PUT", "/often", { task: "count", every: 1 });
    await expect
      .poll(async () => (await send("GET", "/often")).body["total_runs"], { timeout: 30_000 })
      .toBeGreaterThan(1);
  });
});

describe("a schedule", () => {
  it("runs now when it is triggered, and its task can be followed", async () => {
    const { app, url, send } = await openSchedules();
    app.task("add", (x: number, y: number) => x + y);
    await testWorker(app);
    await send("PUT", "/sum", { task: "add", args: [2, 3], every: 3600, enabled: false });
    const { status, headers, body } = await send("POST", "/sum:trigger");
    expect([status, body["task"], body["state"]]).toEqual([202, "add", "PENDING"]);
    const task = await read(fetch(url + headers.get("location"), { headers: { prefer: "wait=20" } }));
    expect(task.body).toMatchObject({ state: "SUCCESS", result: 5 });
    expect((await send("POST", "/none:trigger")).status).toBe(404);
  });

  it("is changed only as long as it is what the caller knows", async () => {
    const { send } = await openSchedules();
    const put = (every: number, headers: Record<string, string>) =>
      send("PUT", "/s", { task: "t", every }, headers);
    expect((await put(1, { "if-match": "*" })).status).toBe(412);
    expect((await put(1, { "if-none-match": "*" })).status).toBe(201);
    expect((await put(2, { "if-none-match": "*" })).status).toBe(412);
    const etag = String((await send("GET", "/s")).headers.get("etag"));
    const results = await Promise.all([put(2, { "if-match": etag }), put(3, { "if-match": etag })]);
    expect(results.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await send("DELETE", "/s", undefined, { "if-match": etag })).status).toBe(412);
    const now = String((await send("GET", "/s")).headers.get("etag"));
    expect((await send("DELETE", "/s", undefined, { "if-match": now })).status).toBe(204);
  });

  it.each([
    [{ task: "t" }, "", "invalid-arguments"],
    [{ every: 1 }, "/task", "bad-task-name"],
    [{ task: "a b", every: 1 }, "/task", "bad-task-name"],
    [{ task: "celery.map", every: 1 }, "/task", "reserved-task"],
    [{ task: "t", every: 1, cron: "* * * * *" }, "/cron", "invalid-arguments"],
    [{ task: "t", every: 0 }, "/every", "invalid-arguments"],
    [{ task: "t", every: "soon" }, "/every", "invalid-arguments"],
    [{ task: "t", cron: "61 * * * *" }, "/cron", "invalid-arguments"],
    [{ task: "t", cron: "* * * *" }, "/cron", "invalid-arguments"],
    [{ task: "t", cron: "* * * * *", timezone: "Mars/Base" }, "/cron", "invalid-arguments"],
    [{ task: "t", every: 1, timezone: "UTC" }, "/timezone", "invalid-arguments"],
    [{ task: "t", at: "2030-01-01T00:00:00" }, "/at", "bad-eta"],
    [{ task: "t", at: "2030-01-01T00:00:00Z", one_off: false }, "/one_off", "invalid-arguments"],
    [
      { task: "t", every: 1, expires: 5, expires_at: "2030-01-01T00:00:00Z" },
      "/expires_at",
      "invalid-arguments",
    ],
    [
      { task: "t", every: 1, args: [{ __type__: "datetime", __value__: "x" }] },
      "/args/0",
      "reserved-envelope",
    ],
    [{ task: "t", every: 1, headers: {} }, "/headers", "reserved-option"],
    [{ task: "t", every: 1, name: "other" }, "/name", "invalid-arguments"],
    [{ task: "t", solar: { event: "noon", latitude: 1, longitude: 1 } }, "/solar", "invalid-arguments"],
  ])("is refused where it is wrong: %j", async (body, pointer, type) => {
    const { send } = await openSchedules();
    const answer = await send("PUT", "/s", body);
    expect(answer.status).toBe(422);
    expect(answer.body["type"]).toBe(`/problems/${type}`);
    expect(answer.body["errors"]).toEqual([{ pointer, detail: expect.any(String) }]);
  });

  it("may have any name, and no longer one than the stores take", async () => {
    const { send } = await openSchedules();
    const name = "täglich: 4 Uhr/früh?";
    const { headers, body } = await send("PUT", `/${encodeURIComponent(name)}`, { task: "t", every: 5 });
    expect(body["name"]).toBe(name);
    expect(headers.get("location")).toBe(`/v1/schedules/${encodeURIComponent(name)}`);
    expect((await send("PUT", `/${"x".repeat(201)}`, { task: "t", every: 5 })).body["type"]).toBe(
      "/problems/invalid-arguments",
    );
  });
});

describe("a listing", () => {
  it("has pages, by name", async () => {
    const { url, send } = await openSchedules();
    for (const name of ["c", "a", "b"]) await send("PUT", `/${name}`, { task: "t", every: 60 });
    const names = async (link: string): Promise<readonly [string[], string | undefined]> => {
      const { body } = await read(fetch(url + link));
      const found = body["schedules"] as { name: string; next_due: string[] }[];
      for (const { next_due: due } of found) expect(due).toHaveLength(1);
      return [found.map(({ name }) => name), body["next"] as string | undefined];
    };
    const [first, next = ""] = await names("/v1/schedules?limit=2");
    expect(first.slice(0, 2)).toEqual(["a", "b"]);
    const [second, last] = await names(next);
    expect(second).toContain("c");
    expect(last).toBeUndefined();
  });

  it("shows the app's own, which can be paused and replaced but not removed", async () => {
    const app = testApp({ beatSchedule: { own: { task: "t", schedule: 60 } } });
    const { url } = await openGateway({ app, schedules: join(await temporaryFolder(), "schedule") });
    const at = `${url}/v1/schedules/own`;
    expect((await read(fetch(at))).body).toMatchObject({ origin: "app", every: 60 });
    const refused = await read(fetch(at, { method: "DELETE" }));
    expect([refused.status, refused.body["type"]]).toEqual([409, "/problems/schedule-of-app"]);
    expect((await read(post(`${at}:pause`, ""))).body).toMatchObject({ origin: "store", enabled: false });
    expect((await fetch(at, { method: "DELETE" })).status).toBe(204);
    expect((await read(fetch(at))).body).toMatchObject({ origin: "app", enabled: true });
  });

  it("is 503 when the store is nowhere", async () => {
    const { url } = await openGateway({ schedules: "postgresql://nobody@127.0.0.1:1/none" });
    const { status, body, headers } = await read(fetch(`${url}/v1/schedules`));
    expect([status, body["type"]]).toEqual([503, "/problems/schedules-unavailable"]);
    expect(headers.get("retry-after")).toBe("5");
  });

  it("has a bound", async () => {
    const place = join(await temporaryFolder(), "schedule");
    const { url } = await openGateway({ schedules: place, limits: { schedules: 2 } });
    const put = (name: string) =>
      read(
        fetch(`${url}/v1/schedules/${name}`, {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: '{"task":"t","every":60}',
        }),
      );
    const statuses: number[] = [];
    for (const name of ["a", "b", "c", "d", "a"]) statuses.push((await put(name)).status);
    expect(statuses.at(-2)).toBe(409);
    expect(statuses.at(-1)).toBe(200);
  });
});

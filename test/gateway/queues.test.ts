import { describe, expect, it } from "vitest";
import type { App } from "../../app/index.ts";
import { ANONYMOUS, type Caller } from "../../gateway/access/caller.ts";
import { QueueBook } from "../../gateway/queues/queue-book.ts";
import { redisUrl, sqliteFile } from "../helpers/services.ts";
import { publishRaw, testApp, testWorker } from "../helpers/worker.ts";
import { BROKERS } from "./brokers.ts";
import { type Answer, type GatewayPlace, openGateway, post, read } from "./place.ts";

const SETTINGS = { taskRoutes: { "billing.*": "billing", plain: { queue: "celery" } } };

async function placeOn(broker: string): Promise<GatewayPlace> {
  const brokerUrl = await (BROKERS[broker] ?? (() => Promise.reject(new Error(broker))))();
  return openGateway({ settings: { ...SETTINGS, brokerUrl }, queues: ["by-hand"] });
}

function get({ url }: GatewayPlace, path: string): Promise<Answer> {
  return read(fetch(`${url}${path}`));
}

async function fill(app: App, queue: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await publishRaw(app, queue, {});
}

describe.each(Object.keys(BROKERS))("queues on %s", (broker) => {
  it("are those of the settings and of the options, with what the broker tells", async () => {
    const place = await placeOn(broker);
    await fill(place.app, "celery", 3);
    await post(`${place.url}/v1/tasks`, { task: "billing.pay" });
    await publishRaw(place.app, "celery.dead", { headers: { "x-celerity-at": "2020-01-01T00:00:00Z" } });
    const { status, body } = await get(place, "/v1/queues");
    expect(status).toBe(200);
    const queues = body["queues"] as Record<string, unknown>[];
    expect(queues.map(({ name, ready, dead }) => [name, ready, dead])).toEqual([
      ["billing", 1, 0],
      ["by-hand", 0, 0],
      ["celery", 3, 1],
    ]);
    const [billing, , celery] = queues;
    const tells = {
      memory: [0, 0, null],
      Redis: [0, 0, null],
      RabbitMQ: [null, null, 0],
      SQLite: [0, 0, null],
    };
    expect([celery?.["unacked"], celery?.["scheduled"], celery?.["consumers"]]).toEqual(
      tells[broker as keyof typeof tells],
    );
    // The gateway's ids say when a task was sent; what was published by hand does not.
    expect(celery?.["oldest_age_s"]).toBeNull();
    const age = broker === "RabbitMQ" ? null : expect.any(Number);
    expect(billing?.["oldest_age_s"]).toEqual(age);
    const dead = (await get(place, "/v1/queues/celery.dead")).body;
    expect(dead).toMatchObject({ name: "celery.dead", ready: 1, dead: null });
    if (broker !== "RabbitMQ") expect(dead["oldest_age_s"]).toBeGreaterThan(31_536_000);
    for (const name of ["nobody", "nobody.dead", "unacked", "celery.dead.dead"])
      expect((await get(place, `/v1/queues/${name}`)).body["type"]).toBe("/problems/unknown-queue");
  });

  it("tell of what workers hold, where the broker knows", async () => {
    const place = await placeOn(broker);
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    place.app.task("hold", () => held);
    await testWorker(place.app, { pool: "async", concurrency: 1, prefetchMultiplier: 1 });
    await place.app.sendTask("hold");
    const key = broker === "RabbitMQ" ? "consumers" : "unacked";
    await expect
      .poll(async () => (await get(place, "/v1/queues/celery")).body[key], { timeout: 20_000 })
      .toBe(1);
    finish();
  });

  it("are purged by those who know what is in them", async () => {
    const place = await placeOn(broker);
    const purge = (headers: Record<string, string>): Promise<Answer> =>
      read(post(`${place.url}/v1/queues/celery:purge`, "", headers));
    await fill(place.app, "celery", 2);
    const etag = String((await get(place, "/v1/queues/celery")).headers.get("etag"));
    expect((await purge({})).body).toMatchObject({ status: 428, type: "/problems/precondition-required" });
    await fill(place.app, "celery", 1);
    const refused = await purge({ "if-match": etag });
    expect([refused.status, refused.body["type"]]).toEqual([412, "/problems/precondition-failed"]);
    const fresh = String(refused.headers.get("etag"));
    expect((await purge({ "if-match": fresh })).body).toEqual({ name: "celery", purged: 3 });
    expect((await get(place, "/v1/queues/celery")).body["ready"]).toBe(0);
    expect((await purge({ "if-match": "*" })).body).toEqual({ name: "celery", purged: 0 });
    const unknown = await read(post(`${place.url}/v1/queues/other:purge`, "", { "if-match": "*" }));
    expect(unknown.status).toBe(404);
  });
});

it("asks the broker once, however many ask", async () => {
  const place = await openGateway();
  const connection = await place.app.connection();
  const looks: string[] = [];
  const look = connection.queueFacts.bind(connection);
  connection.queueFacts = (queue) => {
    looks.push(queue);
    return look(queue);
  };
  await Promise.all(Array.from({ length: 50 }, () => get(place, "/v1/queues/celery")));
  expect(looks.length).toBeLessThanOrEqual(3);
});

describe("pausing", () => {
  it("stops the workers that take from the queue, and no others begin when it is over", async () => {
    const place = await openGateway({ settings: { ...SETTINGS, brokerUrl: await redisUrl() } });
    const { app, url } = place;
    app.task("plain", () => 1);
    app.task("billing.pay", () => 2);
    await testWorker(app, { pool: "async", hostname: "plain@shop", queues: ["celery"] });
    await testWorker(app, { pool: "async", hostname: "billing@shop", queues: ["billing"] });
    const say = (verb: string, body: unknown = ""): Promise<Answer> =>
      read(post(`${url}/v1/queues/billing:${verb}`, body));
    expect(await say("pause")).toMatchObject({
      status: 200,
      body: { name: "billing", workers: ["billing@shop"] },
    });
    const sent = await read(post(`${url}/v1/tasks`, { task: "billing.pay" }));
    expect((await read(post(`${url}/v1/tasks`, { task: "plain" }, { prefer: "wait=20" }))).status).toBe(200);
    expect((await get(place, `/v1/tasks/${sent.body["id"]}`)).body["state"]).toBe("PENDING");
    expect((await say("pause")).body["workers"]).toEqual([]);
    expect((await say("resume")).body["workers"]).toEqual(["billing@shop"]);
    const done = await read(fetch(`${url}/v1/tasks/${sent.body["id"]}`, { headers: { prefer: "wait=20" } }));
    expect(done.body).toMatchObject({ state: "SUCCESS", result: 2 });
    expect((await say("pause", { workers: ["plain@shop"] })).body["workers"]).toEqual(["plain@shop"]);
    expect((await say("pause", { workers: [] })).status).toBe(422);
  });

  it("is impossible where workers cannot be told", async () => {
    const brokerUrl = `sqla+sqlite:///${await sqliteFile()}`;
    const { url } = await openGateway({ app: testApp({ brokerUrl }) });
    for (const verb of ["pause", "resume"]) {
      const { status, body } = await read(post(`${url}/v1/queues/celery:${verb}`, ""));
      expect([status, body["type"]]).toEqual([501, "/problems/control-impossible"]);
    }
  });
});

describe("a tenant with queues of its own", () => {
  const tenant: Caller = { ...ANONYMOUS, queuePrefix: "acme.", mayUseQueue: (name) => name !== "secret" };

  it("calls them without the prefix, and knows of no others", () => {
    const app = testApp();
    const book = new QueueBook({ app, queues: ["acme.mail", "acme.secret", "other.mail"] });
    expect(book.visibleTo(tenant)).toEqual(["acme.mail"]);
    expect(book.requireTasks(tenant, "mail")).toBe("acme.mail");
    expect(book.require(tenant, "mail.dead")).toBe("acme.mail.dead");
    for (const name of ["secret", "secret.dead", "acme.mail", "celery", "celery.dead", "other.mail", ""])
      expect(() => book.require(tenant, name), name).toThrow(/no queue of this name/);
  });
});

import { describe, expect, it, onTestFinished, vi } from "vitest";
import { withoutAges } from "../../gateway/live/ages.ts";
import { type LiveDocument, LiveDocuments, type LiveNews } from "../../gateway/live/live-documents.ts";
import { LIVE_TOPICS } from "../../gateway/live/topics.ts";
import { Problem } from "../../gateway/problems.ts";
import { publishRaw, testWorker } from "../helpers/worker.ts";
import { openAccess, posted } from "./access-place.ts";
import { openGateway, read } from "./place.ts";

interface LiveEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

interface LiveReader {
  readonly response: Response;
  /** All so far. */
  readonly events: readonly LiveEvent[];
  newest(event: string): Record<string, unknown> | undefined;
  readonly isOver: boolean;
  close(): void;
}

async function listen(url: string, headers: Readonly<Record<string, string>> = {}): Promise<LiveReader> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const response = await fetch(url, { headers, signal: stop.signal });
  const events: LiveEvent[] = [];
  let isOver = false;
  void collect(response, events)
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
    });
  return {
    response,
    events,
    newest: (event) => events.findLast((one) => one.event === event)?.data,
    get isOver() {
      return isOver;
    },
    close: () => stop.abort(),
  };
}

async function collect({ body }: Response, events: LiveEvent[]): Promise<void> {
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, event, data] = /^id: \d+\nevent: ([\w-]+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined) events.push({ event, data: JSON.parse(String(data)) as LiveEvent["data"] });
    }
  }
}

const SOON = { timeout: 20_000 };

describe("GET /v1/live", () => {
  it("sends what the lists say at once, and again when they have changed", async () => {
    const { app, url } = await openGateway();
    const reader = await listen(`${url}/v1/live?topics=queues,webhook-endpoints,hooks,hook-deliveries`);
    expect(reader.response.headers.get("content-type")).toBe("text/event-stream");
    for (const [topic, path] of [
      ["queues", "/v1/queues"],
      ["webhook-endpoints", "/v1/webhook-endpoints"],
      ["hooks", "/v1/hooks"],
      ["hook-deliveries", "/v1/hook-deliveries"],
    ] as const) {
      await expect.poll(() => reader.newest(topic), SOON).toBeDefined();
      expect(reader.newest(topic)).toEqual((await read(fetch(url + path))).body);
    }
    await publishRaw(app, "celery", {});
    await expect.poll(() => reader.newest("queues"), SOON).toMatchObject({ queues: [{ ready: 1 }] });
    expect(reader.events.filter(({ event }) => event === "webhook-endpoints")).toHaveLength(1);
  });

  it("knows every topic, and tells of each or why not", async () => {
    const { url } = await openGateway();
    const reader = await listen(`${url}/v1/live?topics=${LIVE_TOPICS.join(",")}`);
    await expect
      .poll(() => new Set(reader.events.map(({ event, data }) => data["topic"] ?? event)), SOON)
      .toEqual(new Set(LIVE_TOPICS));
  });

  it("refuses topics that are not there", async () => {
    const { url } = await openGateway();
    for (const query of [
      "",
      "?topics=",
      "?topics=tasks",
      "?topics=queues,nothing",
      `?topics=${"queues,".repeat(80)}`,
    ]) {
      const { status, body } = await read(fetch(`${url}/v1/live${query}`));
      expect([status, body["type"]], query).toEqual([422, "/problems/invalid-arguments"]);
    }
  });

  it("sends everything anew to who connects again", async () => {
    const { url, app } = await openGateway();
    const first = await listen(`${url}/v1/live?topics=queues`);
    await expect.poll(() => first.newest("queues"), SOON).toBeDefined();
    first.close();
    await publishRaw(app, "celery", {});
    const second = await listen(`${url}/v1/live?topics=queues`, { "last-event-id": "1" });
    await expect.poll(() => second.newest("queues"), SOON).toMatchObject({ queues: [{ ready: 1 }] });
  });

  it("tells of workers, and not of every heartbeat", async () => {
    const { app, url } = await openGateway();
    const reader = await listen(`${url}/v1/live?topics=workers`);
    await testWorker(app, { hostname: "w1@live", pool: "async" });
    await expect
      .poll(() => reader.newest("workers"), SOON)
      .toMatchObject({ workers: [{ name: "w1@live", status: "online", language: "typescript" }] });
  });

  it("tells of dead letters", async () => {
    const { app, url } = await openGateway();
    const reader = await listen(`${url}/v1/live?topics=dead-letters`);
    await expect.poll(() => reader.newest("dead-letters"), SOON).toEqual({ dead_letters: [] });
    await publishRaw(app, "celery.dead", {
      headers: {
        "x-celerity-id": "a",
        "x-celerity-code": "bad_body",
        "x-celerity-at": "2026-01-01T00:00:00Z",
      },
    });
    await expect.poll(() => reader.newest("dead-letters")?.["dead_letters"], SOON).toHaveLength(1);
  });
});

describe("GET /v1/live shows no more than the lists do", () => {
  const SETTINGS = { taskRoutes: { "a.*": "acme.mail", "b.*": "beta.mail" } };

  it("by scope", async () => {
    const { url, key } = await openAccess();
    const headers = { authorization: `Bearer ${await key({ scopes: ["queues:read"] })}` };
    const reader = await listen(`${url}/v1/live?topics=queues,workers,webhook-endpoints`, headers);
    await expect.poll(() => reader.newest("queues"), SOON).toBeDefined();
    const denied = reader.events.filter(({ event }) => event === "denied").map(({ data }) => data);
    expect(denied).toEqual([
      { topic: "workers", scope: "workers:read" },
      { topic: "webhook-endpoints", scope: "webhooks" },
    ]);
    expect(reader.newest("workers")).toBeUndefined();
    expect((await read(fetch(`${url}/v1/live?topics=queues`))).status).toBe(401);
  });

  it("by queue and tenant, for two listeners at a time", async () => {
    const { url, key } = await openAccess({
      settings: SETTINGS,
      access: { tenants: { acme: { queuePrefix: "acme." }, beta: { queuePrefix: "beta." } } },
    });
    const scopes = ["queues:read", "webhooks", "schedules:read", "schedules:write"] as const;
    const keys = [
      await key({ scopes, tenant: "acme" }),
      await key({ scopes, tenant: "beta" }),
      await key({ scopes, queues: ["celery"] }),
    ];
    const schedule = posted({ task: "a.t", every: 60 });
    const headers = { authorization: `Bearer ${keys[0]}`, ...schedule.headers };
    const put = await fetch(`${url}/v1/schedules/nightly`, { ...schedule, method: "PUT", headers });
    expect(put.status, await put.clone().text()).toBe(201);
    for (const one of keys) {
      const bearer = { authorization: `Bearer ${one}` };
      const reader = await listen(`${url}/v1/live?topics=queues,schedules,hooks`, bearer);
      for (const topic of ["queues", "schedules", "hooks"]) {
        await expect.poll(() => reader.newest(topic), SOON).toBeDefined();
        const listed = await read(fetch(`${url}/v1/${topic}`, { headers: bearer }));
        expect(reader.newest(topic)).toEqual(listed.body);
      }
    }
    const seen = await Promise.all(
      keys.map(async (one) => {
        const reader = await listen(`${url}/v1/live?topics=queues`, { authorization: `Bearer ${one}` });
        await expect.poll(() => reader.newest("queues"), SOON).toBeDefined();
        const queues = reader.newest("queues")?.["queues"] as { readonly name: string }[];
        return queues.map(({ name }) => name);
      }),
    );
    expect(seen).toEqual([["mail"], ["mail"], ["celery"]]);
  });

  it("ends when the credential does", async () => {
    const { url, gateway } = await openAccess();
    const made = await gateway.apiKeys?.create({ name: "short", policy: { scopes: ["queues:read"] } });
    const headers = { authorization: `Bearer ${made?.key}` };
    const reader = await listen(`${url}/v1/live?topics=queues`, headers);
    await expect.poll(() => reader.newest("queues"), SOON).toBeDefined();
    await gateway.apiKeys?.revoke(String(made?.record.id));
    await expect.poll(() => reader.isOver, SOON).toBe(true);
  });
});

describe("followed documents", () => {
  function document(read: () => Promise<string>, more: Partial<LiveDocument> = {}): LiveDocument {
    return { key: "k", read, ...more };
  }

  function follow(live: LiveDocuments, one: LiveDocument): { readonly news: LiveNews[]; stop(): void } {
    const news: LiveNews[] = [];
    const stop = live.follow(one, (item) => news.push(item));
    onTestFinished(stop);
    return { news, stop };
  }

  it("are looked at once for all listeners, and not at all without any", async () => {
    const live = new LiveDocuments({ onWarning: () => undefined, everyMs: 5 });
    let looks = 0;
    const read = vi.fn(async () => {
      looks += 1;
      return `{"look":${looks}}`;
    });
    const [a, b] = [follow(live, document(read)), follow(live, document(read))];
    expect(live.size).toBe(1);
    await expect.poll(() => b.news.length, SOON).toBeGreaterThan(2);
    expect(a.news).toEqual(b.news);
    expect(a.news).toHaveLength(read.mock.calls.length);
    a.stop();
    b.stop();
    b.stop();
    expect(live.size).toBe(0);
    const before = read.mock.calls.length;
    const other = follow(
      live,
      document(async () => "{}"),
    );
    await expect.poll(() => other.news, SOON).toEqual([{ text: "{}" }]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(read.mock.calls.length).toBe(before);
  });

  it("tell who comes late what is known, and nobody what is no news", async () => {
    const live = new LiveDocuments({ onWarning: () => undefined, everyMs: 1 });
    let age = 0;
    const one = document(
      async () => {
        age += 0.001;
        return `{"age_seconds":${age}}`;
      },
      { essence: withoutAges },
    );
    const a = follow(live, one);
    await expect.poll(() => age, SOON).toBeGreaterThan(0.01);
    expect(a.news).toHaveLength(1);
    const late = follow(live, one);
    expect(late.news).toEqual(a.news);
  });

  it("are read twice when their mark is another one, since they may be a little older than that", async () => {
    const live = new LiveDocuments({ onWarning: () => undefined, everyMs: 1 });
    let mark = "a";
    const marks = vi.fn(async () => mark);
    const read = vi.fn(async () => `{"mark":"${mark}"}`);
    const { news } = follow(live, document(read, { mark: marks }));
    await expect.poll(() => marks.mock.calls.length, SOON).toBeGreaterThan(5);
    expect(read).toHaveBeenCalledTimes(2);
    mark = "b";
    await expect.poll(() => news.at(-1), SOON).toEqual({ text: '{"mark":"b"}' });
    const seen = marks.mock.calls.length;
    await expect.poll(() => marks.mock.calls.length, SOON).toBeGreaterThan(seen + 5);
    expect(read).toHaveBeenCalledTimes(4);
  });

  it("tell what is wrong once, and go on when it is well", async () => {
    const onWarning = vi.fn();
    const live = new LiveDocuments({ onWarning, everyMs: 1 });
    let error: Error | undefined = new Problem("broker-unavailable");
    const read = vi.fn(async () => {
      if (error !== undefined) throw error;
      return "{}";
    });
    const { news } = follow(live, document(read));
    await expect.poll(() => read.mock.calls.length, SOON).toBeGreaterThan(3);
    expect(news).toEqual([{ problem: error }]);
    expect(onWarning).not.toHaveBeenCalled();
    error = new Error("unforeseen");
    await expect.poll(() => news.length, SOON).toBe(2);
    expect(onWarning).toHaveBeenCalledTimes(1);
    error = undefined;
    await expect.poll(() => news.at(-1), SOON).toEqual({ text: "{}" });
  });

  it("round ages that grow", () => {
    const worker = (age: number, at: string): string =>
      `{"heartbeat":{"at":"${at}","age_seconds":${age},"every_seconds":2},"uptime_seconds":${1000 + age},"load":[0.12,0.3,1]}`;
    expect(withoutAges(worker(1, "x"))).toBe(withoutAges(worker(8.5, "y")));
    expect(withoutAges(worker(1, "x"))).not.toBe(withoutAges(worker(12, "x")));
    expect(withoutAges('{"oldest_age_s":75.5}')).toBe('{"oldest_age_s":60}');
    expect(withoutAges('{"load":[]}')).toContain('"load":[');
    const said = '{"s":"\\"age_seconds\\":5"}';
    expect(withoutAges(said)).toBe(said);
  });
});

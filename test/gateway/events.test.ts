import { describe, expect, it, onTestFinished, vi } from "vitest";
import { postgresUrl, redisUrl, sqliteFile } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { exception, openGateway, post, read, storeState } from "./place.ts";

interface ServerEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

interface Stream {
  readonly response: Response;
  /** The next event; undefined when the stream has ended. */
  next(): Promise<ServerEvent | undefined>;
  /** Everything until the stream ends. */
  rest(): Promise<ServerEvent[]>;
  /** Comments and fields that are no events, seen so far. */
  readonly others: string[];
  close(): void;
}

/** Opens a stream of server-sent events, and closes it when the test ends. */
async function follow(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Stream> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const response = await fetch(url, {
    headers: { accept: "text/event-stream", ...headers },
    signal: stop.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const others: string[] = [];
  let text = "";
  const next = async (): Promise<ServerEvent | undefined> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end !== -1) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        if (event === undefined) others.push(block);
        else return { id: Number(id), event, data: JSON.parse(String(data)) as Record<string, unknown> };
        continue;
      }
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) return undefined;
      text += chunk.value;
    }
  };
  const rest = async (): Promise<ServerEvent[]> => {
    const events: ServerEvent[] = [];
    for (let event = await next(); event !== undefined; event = await next()) events.push(event);
    return events;
  };
  return { response, next, rest, others, close: () => stop.abort() };
}

describe("GET /v1/tasks/{id}/events", () => {
  it("tells every state, the progress, the result and the end", async () => {
    const { app, url } = await openGateway();
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "t" }))).body;
    const stream = await follow(`${url}/v1/tasks/${id}/events`);
    expect(stream.response.status).toBe(200);
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
    expect(await stream.next()).toMatchObject({
      id: 1,
      event: "state",
      data: { id, state: "PENDING", task: "t" },
    });
    expect(stream.others).toEqual(["retry: 2000"]);
    await storeState(app, String(id), "STARTED", null);
    await storeState(app, String(id), "PROGRESS", { percent: 1 });
    await storeState(app, String(id), "PROGRESS", { percent: 2 });
    await storeState(app, String(id), "SUCCESS", [1]);
    const events = await stream.rest();
    expect(events.map(({ event, data }) => [event, data["state"]])).toEqual([
      ["state", "STARTED"],
      ["state", "PROGRESS"],
      ["progress", "PROGRESS"],
      ["progress", "PROGRESS"],
      ["state", "SUCCESS"],
      ["result", "SUCCESS"],
      ["end", "SUCCESS"],
    ]);
    expect(events[3]?.data["meta"]).toEqual({ percent: 2 });
    expect(events[5]?.data).toMatchObject({ id, terminal: true, result: [1] });
    const ids = events.map((event) => event.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("tells everything of a task that has ended", async () => {
    const { app, url } = await openGateway();
    await storeState(app, "ended", "FAILURE", exception("KeyError", "x"), "secret traceback");
    const events = await (await follow(`${url}/v1/tasks/ended/events`)).rest();
    expect(events.map(({ event }) => event)).toEqual(["state", "result", "end"]);
    expect(events[1]?.data["error"]).toMatchObject({ type: "KeyError", message: "KeyError: x" });
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  it("goes on after the last id that a reader has seen, and sends away who has seen the end", async () => {
    const { app, url } = await openGateway();
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "t" }))).body;
    await storeState(app, String(id), "PROGRESS", 1);
    const first = await follow(`${url}/v1/tasks/${id}/events`);
    await first.next();
    const seen = (await first.next())?.id ?? 0;
    first.close();
    await storeState(app, String(id), "SUCCESS", 1);
    const events = await (
      await follow(`${url}/v1/tasks/${id}/events`, { "last-event-id": String(seen) })
    ).rest();
    expect(events.map(({ event }) => event)).toEqual(["state", "result", "end"]);
    expect(events[0]?.id).toBe(seen + 1);
    const end = String(events[2]?.id);
    expect((await follow(`${url}/v1/tasks/${id}/events`, { "last-event-id": end })).response.status).toBe(
      204,
    );
  });

  it("ends at once where nothing will be stored", async () => {
    const { url } = await openGateway();
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "t", ignore_result: true }))).body;
    const events = await (await follow(`${url}/v1/tasks/${id}/events`)).rest();
    expect(events.map(({ event }) => event)).toEqual(["state", "end"]);
  });

  it("writes NaN as text", async () => {
    const { app, url } = await openGateway();
    await storeState(app, "nan", "SUCCESS", [Number.NaN, 2n ** 70n]);
    const { response } = await follow(`${url}/v1/tasks/nan/events`);
    expect(response.status).toBe(200);
    expect(await (await fetch(`${url}/v1/tasks/nan/events`)).text()).toContain(
      '"result":["NaN",1180591620717411303424]',
    );
  });

  it("keeps idle streams open with comments", async () => {
    const { app, url } = await openGateway({ limits: { heartbeatMs: 20 } });
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "t" }))).body;
    const stream = await follow(`${url}/v1/tasks/${id}/events`);
    await stream.next();
    const waiting = stream.next();
    await expect.poll(() => stream.others.filter((line) => line.startsWith(":")).length).toBeGreaterThan(2);
    await storeState(app, String(id), "STARTED", null);
    expect((await waiting)?.data["state"]).toBe("STARTED");
  });

  it("follows a running worker", async () => {
    const app = testApp();
    app.task("examples.progress", { bind: true }, async (self) => {
      await self.updateState("PROGRESS", { percent: 50 });
      return "done";
    });
    const { url } = await openGateway({ app });
    const { id } = (await read(post(`${url}/v1/call/examples.progress`, {}))).body;
    const stream = await follow(`${url}/v1/tasks/${id}/events`);
    expect((await stream.next())?.data["state"]).toBe("PENDING");
    await testWorker(app);
    const events = await stream.rest();
    expect(events.at(-2)?.data).toMatchObject({ state: "SUCCESS", result: "done" });
  });
});

describe("GET /v1/events", () => {
  it("tells of tasks from before and after it began", async () => {
    const { app, url } = await openGateway();
    const early = (await read(post(`${url}/v1/tasks`, { task: "early" }))).body;
    const stream = await follow(`${url}/v1/events`);
    expect((await stream.next())?.event).toBe("ready");
    const late = (await read(post(`${url}/v1/tasks`, { task: "late" }))).body;
    expect((await stream.next())?.data).toMatchObject({ id: late["id"], state: "PENDING", task: "late" });
    await storeState(app, String(early["id"]), "SUCCESS", "secret");
    const ended = (await stream.next())?.data;
    expect(ended).toMatchObject({ id: early["id"], state: "SUCCESS", terminal: true, task: "early" });
    expect(ended).not.toHaveProperty("result");
    await storeState(app, String(late["id"]), "STARTED", null);
    expect((await stream.next())?.data).toMatchObject({ id: late["id"], state: "STARTED" });
  });

  it("follows the newest tasks when there are many; the others are known when they are asked for", async () => {
    const { app, url } = await openGateway();
    const stream = await follow(`${url}/v1/events`);
    await stream.next();
    const ids: string[] = [];
    for (let n = 0; n < 210; n += 1) ids.push(String((await read(post(`${url}/v1/call/t`, {}))).body["id"]));
    for (const id of ids) expect((await stream.next())?.data["id"]).toBe(id);
    await storeState(app, String(ids[0]), "SUCCESS", 1);
    await storeState(app, String(ids[209]), "SUCCESS", 1);
    expect((await stream.next())?.data).toMatchObject({ id: ids[209], state: "SUCCESS" });
    const { tasks } = (await read(fetch(`${url}/v1/tasks?state=SUCCESS`))).body;
    expect((tasks as { id: string }[]).map(({ id }) => id)).toEqual([ids[209]]);
    expect((await read(fetch(`${url}/v1/tasks/${ids[0]}`))).body["state"]).toBe("SUCCESS");
  });

  it("answers HEAD without a stream", async () => {
    const { url } = await openGateway();
    const answer = await fetch(`${url}/v1/events`, { method: "HEAD" });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(await answer.text()).toBe("");
  });

  it("has a limit, and gives places back", async () => {
    const { url } = await openGateway({ limits: { streams: 2 } });
    const first = await follow(`${url}/v1/events`);
    await follow(`${url}/v1/events`);
    expect((await fetch(`${url}/v1/events`)).status).toBe(503);
    first.close();
    await expect.poll(async () => (await follow(`${url}/v1/events`)).response.status).toBe(200);
  });
});

describe("GET /v1/events that is picky, or comes back", () => {
  it("tells of the tasks that were asked for only", async () => {
    const { url } = await openGateway();
    const stream = await follow(`${url}/v1/events?task=wanted&tag=x`);
    await stream.next();
    await post(`${url}/v1/tasks`, { task: "other", tags: ["x"] });
    await post(`${url}/v1/tasks`, { task: "wanted" });
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "wanted", tags: ["y", "x"] }))).body;
    expect((await stream.next())?.data).toMatchObject({ id, task: "wanted", tags: ["y", "x"] });
  });

  it.each(["?since=yesterday", "?state=a%00b", `?tag=${"x".repeat(256)}`])("refuses %s", async (query) => {
    const { url } = await openGateway();
    expect((await fetch(`${url}/v1/events${query}`)).status).toBe(422);
  });

  it("goes on after Last-Event-ID", async () => {
    const { app, url } = await openGateway();
    const stream = await follow(`${url}/v1/events`);
    await stream.next();
    const first = (await read(post(`${url}/v1/tasks`, { task: "first" }))).body;
    const seen = await stream.next();
    expect(seen?.data["id"]).toBe(first["id"]);
    stream.close();
    const second = (await read(post(`${url}/v1/tasks`, { task: "second" }))).body;
    const again = await follow(`${url}/v1/events`, { "last-event-id": String(seen?.id) });
    const missed = await again.next();
    expect(missed?.data).toMatchObject({ id: second["id"], state: "PENDING" });
    expect(missed?.id).toBeGreaterThan(seen?.id ?? 0);
    await storeState(app, String(second["id"]), "SUCCESS", 1);
    expect((await again.next())?.data).toMatchObject({ id: second["id"], state: "SUCCESS" });
  });

  it("says ready again to who comes from a feed that is gone", async () => {
    const { url } = await openGateway();
    const stream = await follow(`${url}/v1/events`, { "last-event-id": "123456" });
    expect((await stream.next())?.event).toBe("ready");
  });
});

describe.each([
  ["Redis", async () => `${await redisUrl()}`],
  ["SQLite", async () => `sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", postgresUrl],
])("two gateways that share %s", (_name, place) => {
  it("tell of each other's tasks, and a stream goes on at the other one", async () => {
    const stateUrl = await place();
    const app = testApp();
    const [one, two] = [await openGateway({ app, stateUrl }), await openGateway({ app, stateUrl })];
    const stream = await follow(`${one.url}/v1/events`);
    await stream.next();
    const first = (await read(post(`${one.url}/v1/tasks`, { task: "first" }))).body;
    expect((await stream.next())?.data).toMatchObject({ id: first["id"], state: "PENDING" });
    // The other gateway learns within some seconds that somebody listens.
    const events: ServerEvent[] = [];
    const reading = (async () => {
      for (let event = await stream.next(); event !== undefined; event = await stream.next())
        events.push(event);
    })().catch(() => undefined);
    await vi.waitFor(
      async () => {
        await post(`${two.url}/v1/tasks`, { task: "second" });
        expect(events.at(-1)?.data).toMatchObject({ task: "second" });
      },
      { timeout: 20_000, interval: 200 },
    );
    const heard = events.at(-1);
    stream.close();
    await reading;
    const third = (await read(post(`${one.url}/v1/tasks`, { task: "third" }))).body;
    const again = await follow(`${two.url}/v1/events?task=third`, { "last-event-id": String(heard?.id) });
    expect((await again.next())?.data).toMatchObject({ id: third["id"], state: "PENDING" });
    await storeState(app, String(third["id"]), "SUCCESS", 1);
    expect((await again.next())?.data).toMatchObject({ id: third["id"], state: "SUCCESS" });
  });
});

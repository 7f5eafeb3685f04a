import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import express from "express";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway } from "../../gateway/index.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { StateError } from "../../gateway/state/state-error.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { takeMessages, testApp } from "../helpers/worker.ts";
import { openGateway, post, read, sendRaw, storeState } from "./place.ts";

/** Serves on a free port until the test ends, and resolves with the port. */
async function serve(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("listen()", () => {
  it("says that the port is in use, and how to choose another one", async () => {
    const blocker = createTcpServer().listen(0, "127.0.0.1");
    onTestFinished(() => void blocker.close());
    await once(blocker, "listening");
    const { port } = blocker.address() as AddressInfo;
    const gateway = createGateway({ app: testApp() });
    onTestFinished(() => gateway.close());
    const failed = gateway.listen({ port });
    await expect(failed).rejects.toThrow(ConfigurationError);
    await expect(failed).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use; choose another one with --port`,
    );
    // The gateway is none the worse for it.
    expect((await gateway.listen({ port: 0 })).port).toBeGreaterThan(0);
  });

  it.each(["0.0.0.0", "::", "192.168.1.1", "example.org"])("does not open %s to strangers", async (host) => {
    const gateway = createGateway({ app: testApp() });
    onTestFinished(() => gateway.close());
    await expect(gateway.listen({ host, port: 0 })).rejects.toThrow(
      /asks nobody to log in.*--allow-unauthenticated/,
    );
  });

  it("opens them when told to, and takes any name then", async () => {
    const gateway = createGateway({ app: testApp(), allowUnauthenticated: true });
    onTestFinished(() => gateway.close());
    const { url, port } = await gateway.listen({ host: "0.0.0.0", port: 0 });
    expect(url).toBe(`http://0.0.0.0:${port}`);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { host: "gateway.example" } });
    expect(answer.status).toBe(200);
  });

  it.each(["localhost", "::1", "127.0.0.2"])("takes %s for loopback", async (host) => {
    const gateway = createGateway({ app: testApp() });
    onTestFinished(() => gateway.close());
    const { url } = await gateway.listen({ host, port: 0 });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it("works once, and not after close()", async () => {
    const { gateway } = await openGateway();
    await expect(gateway.listen({ port: 0 })).rejects.toThrow("listens already");
    const closed = createGateway({ app: testApp() });
    await closed.close();
    await expect(closed.listen({ port: 0 })).rejects.toThrow("closed");
  });
});

describe("close()", () => {
  it("ends waits and streams, answers what runs and then refuses connections; twice is fine", async () => {
    const { app, gateway, url } = await openGateway();
    const waiting = read(post(`${url}/v1/tasks`, { task: "t" }, { prefer: "wait=50" }));
    const stream = await fetch(`${url}/v1/events`);
    await takeMessages(app, "celery", 1);
    await gateway.close();
    await gateway.close();
    expect((await waiting).status).toBe(202);
    expect(await stream.text()).toContain("event: ready");
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    // The app is the caller's.
    await storeState(app, "x", "SUCCESS", 1);
  });

  it("cuts off who does not finish within the grace", async () => {
    const { gateway, port } = await openGateway({ limits: { closeGraceMs: 100 } });
    const socket = connect(port, "127.0.0.1");
    socket.write(
      "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\r\n{",
    );
    socket.on("error", () => undefined);
    // "100 Continue": the request is under way.
    await once(socket, "data");
    const closed = once(socket, "close");
    await gateway.close();
    await closed;
  });
});

describe("handler", () => {
  it("works under Express, at a path of its own, beside the application", async () => {
    const app = testApp();
    const gateway = createGateway({ app });
    onTestFinished(() => gateway.close());
    const site = express();
    site.use("/celery", gateway.handler);
    site.get("/celery/mine", (_req, res) => void res.send("mine"));
    site.get("/other", (_req, res) => void res.send("other"));
    const url = `http://127.0.0.1:${await serve(site)}`;
    const { status, headers, body } = await read(post(`${url}/celery/v1/tasks`, { task: "t" }));
    expect(status).toBe(202);
    expect(headers.get("location")).toBe(`/celery/v1/tasks/${body["id"]}`);
    expect((await fetch(url + String(headers.get("location")))).status).toBe(200);
    const problem = await read(fetch(`${url}/celery/v1/tasks/nope`));
    expect(problem.body["type"]).toBe("/celery/problems/unknown-task");
    expect((await fetch(url + String(problem.body["type"]))).status).toBe(200);
    expect(await (await fetch(`${url}/celery/mine`)).text()).toBe("mine");
    expect(await (await fetch(`${url}/other`)).text()).toBe("other");
    expect(await (await fetch(`${url}/celery`)).text()).toContain("<!doctype html>");
    expect((await fetch(`${url}/celery`)).url).toBe(`${url}/celery/`);
  });

  it("says what is wrong when a body parser came first", async () => {
    const errors: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (facts: object) => void errors.push(facts) };
    const gateway = createGateway({ app: testApp(), logger });
    onTestFinished(() => gateway.close());
    const port = await serve(express().use(express.json()).use(gateway.handler));
    expect((await post(`http://127.0.0.1:${port}/v1/tasks`, { task: "t" })).status).toBe(500);
    expect(errors).toMatchObject([{ err: { message: expect.stringContaining("before body parsers") } }]);
  });

  it("works under Node's server", async () => {
    const gateway = createGateway({ app: testApp() });
    onTestFinished(() => gateway.close());
    const port = await serve(gateway.handler);
    expect((await post(`http://127.0.0.1:${port}/v1/tasks`, { task: "t" })).status).toBe(202);
    expect((await fetch(`http://127.0.0.1:${port}/nope`)).status).toBe(404);
  });

  it("begins with its first request what listen() begins: held tasks are sent, the app's schemas count", async () => {
    const app = testApp();
    app.task("typed", { schema: { kwargs: { properties: { n: { type: "integer" } } } } }, () => null);
    const gateway = createGateway({ app, holdAfterSeconds: 0 });
    onTestFinished(() => gateway.close());
    const url = `http://127.0.0.1:${await serve(gateway.handler)}`;
    expect((await post(`${url}/v1/call/typed`, { n: "x" })).status).toBe(422);
    const held = await read(post(`${url}/v1/tasks`, { task: "t", delay: 0.3 }));
    expect(held.body["state"]).toBe("SCHEDULED");
    const [sent] = await takeMessages(app, "celery", 1);
    expect(sent?.message?.headers["id"]).toBe(held.body["id"]);
  });

  it("answers though it cannot begin, and begins when it can", async () => {
    const stateStore = createMemoryState();
    let isAway = true;
    const open = async (): Promise<void> => {
      if (isAway) throw new StateError("The state is away.");
    };
    const gateway = createGateway({
      app: testApp(),
      stateStore: { ...stateStore, open },
      holdAfterSeconds: 0,
    });
    onTestFinished(() => gateway.close());
    await expect(gateway.start()).rejects.toThrow("The state is away.");
    const url = `http://127.0.0.1:${await serve(gateway.handler)}`;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    isAway = false;
    await gateway.start();
    await Promise.all([gateway.start(), gateway.close()]);
    await expect(gateway.listen({ port: 0 })).rejects.toThrow("The gateway is closed.");
  });

  it("serves what the application mounts", async () => {
    const { gateway, url } = await openGateway();
    gateway.express.get("/mine", (_req, res) => void res.send("mine"));
    gateway.express.get("/broken", () => {
      throw new Error("secret");
    });
    expect(await (await fetch(`${url}/mine`)).text()).toBe("mine");
    const broken = await fetch(`${url}/broken`);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain("secret");
  });
});

describe("pages", () => {
  it.each(["/", "/favicon.svg", "/problem.css"])(
    "%s has headers that let nothing foreign in",
    async (path) => {
      const { port, url } = await openGateway();
      const answer = await fetch(url + path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none';/);
      expect(answer.headers.get("content-security-policy")).not.toContain("unsafe");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      // Not by fetch(), which adds Cache-Control: no-cache.
      const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
      const again = await sendRaw(port, `${head}If-None-Match: ${answer.headers.get("etag")}\r\n\r\n`);
      expect(again).toMatch(/^HTTP\/1.1 304 /);
    },
  );

  it("whose names change with their content are kept", async () => {
    const { url } = await openGateway();
    const page = await (await fetch(`${url}/`)).text();
    const links = page.match(/\.\/assets\/[^"]+/g) ?? [];
    expect(links.length).toBeGreaterThan(1);
    for (const link of links) {
      const answer = await fetch(new URL(link, `${url}/`));
      expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none';/);
      await answer.arrayBuffer();
    }
    expect((await fetch(`${url}/problem.css`)).headers.get("cache-control")).toBe("no-cache");
  });
});

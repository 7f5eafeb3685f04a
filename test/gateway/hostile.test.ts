/** Requests that are wrong as HTTP, or meant to hurt. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { openGateway, post, read, sendRaw } from "./place.ts";

const JSON_TYPE = "Content-Type: application/json\r\n";

function request(headers: string, body = "", line = "POST /v1/tasks HTTP/1.1"): string {
  return `${line}\r\n${headers}\r\n${body}`;
}

/** The first status of an answer, and all of them. */
function statuses(answer: string): number[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}

describe("bodies", () => {
  it.each([
    ["not JSON", "{", 400, "bad-json"],
    ["empty", "", 400, "bad-json"],
    ["too deep", "[".repeat(100_000), 400, "too-deep"],
    ["a key twice", '{"task":"t","task":"t"}', 400, "duplicate-key"],
    ["out of range", '{"task":"t","args":[1e999]}', 400, "number-range"],
    ["half a surrogate", '{"task":"t","args":["\\ud800"]}', 400, "bad-unicode"],
    ["no object", "[1]", 422, "invalid-arguments"],
  ])("that are %s are refused", async (_what, body, status, type) => {
    const { url } = await openGateway();
    const answer = await read(post(`${url}/v1/tasks`, body));
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ type: `/problems/${type}`, status, detail: expect.any(String) });
    expect((await fetch(`${url}${answer.body["type"]}`)).status).toBe(200);
  });

  it("of exactly the limit are read, one byte more is not", async () => {
    const { url } = await openGateway();
    const bodyOf = (size: number): string => {
      const frame = '{"task":"t","args":[""]}';
      return frame.replace('""', `"${"x".repeat(size - frame.length)}"`);
    };
    expect((await post(`${url}/v1/tasks`, bodyOf(1024 * 1024))).status).toBe(202);
    const refused = await read(post(`${url}/v1/tasks`, bodyOf(1024 * 1024 + 1)));
    expect(refused.status).toBe(413);
    expect(refused.body).toMatchObject({ type: "/problems/payload-too-large", limit: 1024 * 1024 });
    expect(refused.headers.get("connection")).toBe("close");
  });

  it("without a length are cut off at the limit", async () => {
    const { port } = await openGateway();
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.write(request(`Host: localhost\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n`));
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 17; sent += 1) socket.write(chunk);
    const answer = await text(socket);
    expect(statuses(answer)).toEqual([413]);
    expect(answer).toContain("Connection: close".toLowerCase());
  });

  it("are refused by their announced length before they are sent", async () => {
    const { port } = await openGateway();
    const headers = `Host: localhost\r\n${JSON_TYPE}Content-Length: 2000000\r\nExpect: 100-continue\r\n`;
    expect(statuses(await sendRaw(port, request(headers)))).toEqual([413]);
    const small = `Host: localhost\r\n${JSON_TYPE}Content-Length: 12\r\nExpect: 100-continue\r\nConnection: close\r\n`;
    expect(statuses(await sendRaw(port, request(small, '{"task":"t"}')))).toEqual([100, 202]);
  });

  it("in flight share a limit, which is given back", async () => {
    const { url, port } = await openGateway({ limits: { bodyBytesHeld: 100_000 } });
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const body = `{"task":"t","args":["${"x".repeat(90_000)}"]}`;
    socket.write(
      request(`Host: localhost\r\n${JSON_TYPE}Content-Length: ${body.length}\r\n`, body.slice(0, -1)),
    );
    await expect.poll(async () => (await post(`${url}/v1/tasks`, body)).status).toBe(503);
    const refused = await read(post(`${url}/v1/tasks`, body));
    expect(refused.headers.get("retry-after")).toBe("1");
    socket.destroy();
    await expect.poll(async () => (await post(`${url}/v1/tasks`, body)).status).toBe(202);
  });

  it.each([
    ["text/plain", {}],
    ["application/x-www-form-urlencoded", {}],
    ["application/json; charset=latin1", {}],
    ["application/jsonx", {}],
    ["application/json", { "content-encoding": "gzip" }],
    ["application/json", { "content-encoding": "br" }],
  ])("of type %s %j are 415", async (type, headers) => {
    const { url } = await openGateway();
    const answer = await read(post(`${url}/v1/tasks`, { task: "t" }, { "content-type": type, ...headers }));
    expect(answer.status).toBe(415);
    expect(answer.body["type"]).toBe("/problems/unsupported-media-type");
  });

  it.each([
    "application/json; charset=utf-8",
    "Application/JSON;charset=UTF-8",
    'application/json; charset="utf-8"',
  ])("of type %s are read", async (type) => {
    const { url } = await openGateway();
    expect((await post(`${url}/v1/tasks`, { task: "t" }, { "content-type": type })).status).toBe(202);
  });
});

describe("paths and methods", () => {
  it.each([
    ["GET", "/v1/nothing", 404, undefined],
    ["GET", "/v1/tasks/", 404, undefined],
    ["GET", "/v1/tasks/a/b", 404, undefined],
    ["GET", "/v2/tasks", 404, undefined],
    ["GET", "/../../etc/passwd", 404, undefined],
    ["GET", "/%2e%2e/%2e%2e/etc/passwd", 404, undefined],
    ["GET", "/problems/constructor", 404, undefined],
    ["GET", "/v1/tasks/%zz", 400, undefined],
    ["GET", "/%zz", 404, undefined],
    ["PUT", "/v1/tasks", 405, "POST, GET, HEAD"],
    ["DELETE", "/v1/catalog", 405, "GET, HEAD"],
    ["OPTIONS", "/v1/tasks", 405, "POST, GET, HEAD"],
    ["GET", "/v1/call/t", 405, "POST"],
    ["POST", "/healthz", 405, "GET, HEAD"],
  ])("%s %s is %i", async (method, path, status, allow) => {
    const { port } = await openGateway();
    const answer = await sendRaw(
      port,
      request("Host: localhost\r\nConnection: close\r\n", "", `${method} ${path} HTTP/1.1`),
    );
    expect(statuses(answer)).toEqual([status]);
    expect(answer).toContain("application/problem+json");
    if (allow !== undefined) expect(answer).toContain(`\r\nallow: ${allow}\r\n`);
  });
});

describe("HTTP", () => {
  it.each([
    ["two Host headers", `Host: localhost\r\nHost: evil\r\n${JSON_TYPE}Content-Length: 12\r\n`],
    ["two lengths", `Host: localhost\r\n${JSON_TYPE}Content-Length: 12\r\nContent-Length: 13\r\n`],
    [
      "length and chunks",
      `Host: localhost\r\n${JSON_TYPE}Content-Length: 12\r\nTransfer-Encoding: chunked\r\n`,
    ],
    ["an unknown coding", `Host: localhost\r\n${JSON_TYPE}Transfer-Encoding: xchunked\r\n`],
    ["a negative length", `Host: localhost\r\n${JSON_TYPE}Content-Length: -1\r\n`],
    ["a space before the colon", `Host: localhost\r\n${JSON_TYPE}Content-Length : 12\r\n`],
    ["a NUL", `Host: localhost\r\nX-A: a\u0000b\r\n${JSON_TYPE}Content-Length: 12\r\n`],
    ["no Host", `${JSON_TYPE}Content-Length: 12\r\n`],
  ])("with %s is 400, and the connection is closed", async (_what, headers) => {
    const { app, port } = await openGateway();
    const smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const answer = await sendRaw(port, request(headers, `{"task":"t"}${smuggled}`));
    expect(statuses(answer)).toEqual([400]);
    expect(await (await app.connection()).queueSize("celery")).toBe(0);
  });

  it("with huge headers is 431", async () => {
    const { port } = await openGateway();
    const answer = await sendRaw(port, request(`Host: localhost\r\nX-A: ${"a".repeat(20_000)}\r\n`));
    expect(statuses(answer)).toEqual([431]);
  });

  it("that comes byte by byte is 408: the headers, and the body", async () => {
    const { port } = await openGateway({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
    const [headers, body] = await Promise.all([
      sendRaw(port, "POST /v1/tasks HTTP/1.1\r\nHost: loc"),
      sendRaw(port, request(`Host: localhost\r\n${JSON_TYPE}Content-Length: 12\r\n`, '{"ta')),
    ]);
    expect(statuses(headers)).toEqual([408]);
    expect(statuses(body)).toEqual([408]);
  });
});

describe("a browser", () => {
  it.each([
    ["another site's page", { origin: "http://evil.example" }, 403],
    ["a sandboxed page", { origin: "null" }, 403],
    ["a name that was bound to 127.0.0.1", { host: "evil.example" }, 421],
    ["a name that starts like ours", { host: "localhost.evil.example" }, 421],
    ["an address that is not loopback", { host: "192.168.0.1" }, 421],
    ["the gateway's own page", { host: "localhost:1", origin: "http://localhost:1" }, 202],
    ["another loopback address", { host: "127.0.0.9:80" }, 202],
    ["IPv6 loopback", { host: "[::1]:8420" }, 202],
  ])("on %s %j gets %i", async (_what, headers, status) => {
    const { port } = await openGateway();
    const lines = Object.entries({ host: "localhost", ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const answer = await sendRaw(
      port,
      request(`${lines.join("")}${JSON_TYPE}Content-Length: 12\r\nConnection: close\r\n`, '{"task":"t"}'),
    );
    expect(statuses(answer)).toEqual([status]);
  });

  it("may not do a preflighted request", async () => {
    const { url } = await openGateway();
    const answer = await fetch(`${url}/v1/tasks`, { method: "OPTIONS" });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

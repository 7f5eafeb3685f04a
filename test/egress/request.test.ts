/** Calls to real servers of this process: what comes of hostile names, redirects and answers. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { createEgress, type Egress, type EgressOptions, type Lookup } from "../../egress/index.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function listen(server: Server | TcpServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener): Promise<number> => listen(createServer(listener));
const serveBytes = (onSocket: (socket: Socket) => void): Promise<number> => listen(createTcpServer(onSocket));

/** One that may call a port of this machine, where "receiver.test" stands for it. */
function egressFor(port: number, options: EgressOptions = {}): Egress {
  const lookup: Lookup = async () => [{ address: "127.0.0.1", family: 4 }];
  const egress = createEgress({ allowCidrs: ["127.0.0.0/8"], allowPorts: [port], lookup, ...options });
  cleanUps.push(() => egress.close());
  return egress;
}

describe("a call", () => {
  test("sends what it is given and tells the answer", async () => {
    const seen: unknown[] = [];
    const port = await serve((req, res) => {
      let body = "";
      req.on("data", (chunk) => {
        body += String(chunk);
      });
      req.on("end", () => {
        seen.push(req.method, req.url, body, req.headers);
        res.writeHead(201, { "x-answer": "yes" }).end("done");
      });
    });
    const egress = egressFor(port, { userAgent: "Celerity" });
    const outcome = await egress.request({
      url: `http://receiver.test:${port}/path?query=1`,
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "hello",
    });
    expect(outcome).toMatchObject({
      kind: "answer",
      status: 201,
      headers: { "x-answer": "yes" },
      truncated: false,
    });
    expect(outcome.kind === "answer" && outcome.body.toString()).toBe("done");
    expect(seen.slice(0, 3)).toEqual(["POST", "/path?query=1", "hello"]);
    expect(seen[3]).toMatchObject({
      host: `receiver.test:${port}`,
      "accept-encoding": "identity",
      "user-agent": "Celerity",
      "content-type": "text/plain",
      "content-length": "5",
    });
  });

  test.each([
    ["host", "127.0.0.1"],
    ["Transfer-Encoding", "chunked"],
    ["content-length", "3"],
    ["accept-encoding", "br"],
    ["x y", "1"],
    ["x-split", "a\r\nhost: evil"],
  ])("does not send the header %s", async (name, value) => {
    const egress = egressFor(80);
    const outcome = await egress.request({ url: "http://receiver.test/", headers: { [name]: value } });
    expect(outcome).toMatchObject({ kind: "failure", reason: "request_invalid" });
  });

  test("to a closed port fails", async () => {
    const outcome = await egressFor(1).request({ url: "http://receiver.test:1/" });
    expect(outcome).toMatchObject({ kind: "failure", reason: "connection_failed" });
  });

  test("ends when the caller gives it up, before or while it runs", async () => {
    const port = await serve(() => undefined);
    const egress = egressFor(port);
    const url = `http://receiver.test:${port}/`;
    const aborted = { kind: "failure", reason: "aborted" };
    expect(await egress.request({ url, signal: AbortSignal.abort() })).toMatchObject(aborted);
    const controller = new AbortController();
    const running = egress.request({ url, signal: controller.signal });
    controller.abort();
    expect(await running).toMatchObject(aborted);
  });

  test("after the end of its egress is not made", async () => {
    const egress = createEgress();
    await egress.close();
    expect(await egress.request({ url: "https://example.com/" })).toMatchObject({ reason: "aborted" });
  });

  test("keeps the name for TLS while it connects to the checked address", async () => {
    const folder = mkdtempSync(join(tmpdir(), "egress-"));
    cleanUps.push(() => rmSync(folder, { recursive: true }));
    const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    execFileSync(
      "openssl",
      [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=receiver.test".split(
          " ",
        ),
        ..."-addext subjectAltName=DNS:receiver.test".split(" "),
        ...["-keyout", keyFile, "-out", certFile],
      ],
      { stdio: "pipe" },
    );
    const cert = readFileSync(certFile);
    const names: unknown[] = [];
    const server = createTlsServer({ key: readFileSync(keyFile), cert }, (_req, res) => res.end("safe"));
    server.on("secureConnection", (socket) => names.push(socket.servername));
    const port = await listen(server);
    const egress = egressFor(port, { ca: cert });
    expect(await egress.request({ url: `https://receiver.test:${port}/` })).toMatchObject({ status: 200 });
    expect(names).toEqual(["receiver.test"]);
    const otherName = await egress.request({ url: `https://other.test:${port}/` });
    expect(otherName).toMatchObject({ kind: "failure", reason: "connection_failed" });
    const untrusted = await egressFor(port).request({ url: `https://receiver.test:${port}/` });
    expect(untrusted).toMatchObject({ kind: "failure", reason: "connection_failed" });
  });
});

describe("a name", () => {
  test("is resolved once per connection; what it means later does not matter", async () => {
    let calls = 0;
    const port = await serve((_req, res) => {
      calls++;
      res.setHeader("connection", "close").end();
    });
    const answers = ["127.0.0.1", "10.0.0.1"];
    let lookups = 0;
    const egress = egressFor(port, {
      lookup: async () => [{ address: answers[lookups++] ?? "", family: 4 }],
    });
    const url = `http://rebinding.test:${port}/`;
    expect(await egress.request({ url })).toMatchObject({ kind: "answer", status: 200 });
    expect({ lookups, calls }).toEqual({ lookups: 1, calls: 1 });
    expect(await egress.request({ url })).toMatchObject({ kind: "failure", reason: "url_forbidden" });
    expect({ lookups, calls }).toEqual({ lookups: 2, calls: 1 });
  });

  test.each([
    [["127.0.0.1"]],
    [["8.8.8.8", "127.0.0.1"]],
    [["2606:4700::1111", "10.0.0.1"]],
    [["8.8.8.8", "::1"]],
    [["::ffff:127.0.0.1"]],
    [["fe80::1%lo"]],
    [["not an address"]],
  ])("that resolves to %o is refused", async (addresses) => {
    const egress = createEgress({
      lookup: async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    });
    cleanUps.push(() => egress.close());
    const outcome = await egress.request({ url: "http://mixed.test/" });
    expect(outcome).toMatchObject({ kind: "failure", reason: "url_forbidden" });
    expect(JSON.stringify(outcome)).not.toContain(addresses.at(-1));
  });

  test.each<[string, Lookup]>([
    ["has no answer", async () => []],
    ["fails", async () => Promise.reject(new Error("SERVFAIL"))],
  ])("whose lookup %s is not called", async (_what, lookup) => {
    const outcome = await egressFor(80, { lookup }).request({ url: "http://lost.test/" });
    expect(outcome).toMatchObject({ kind: "failure", reason: "lookup_failed" });
  });

  test("with several addresses is called at one that answers", async () => {
    const port = await serve((_req, res) => res.end());
    const lookup: Lookup = async () => ["127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 }));
    const outcome = await egressFor(port, { lookup }).request({ url: `http://two.test:${port}/` });
    expect(outcome).toMatchObject({ kind: "answer", status: 200 });
  });

  test("whose lookup never ends is given up", async () => {
    const lookup: Lookup = () => new Promise(() => undefined);
    const egress = createEgress({ lookup, timeoutMs: 50 });
    expect(await egress.request({ url: "http://lost.test/" })).toMatchObject({ reason: "timeout" });
  });

  test("of allowHosts is called wherever it is", async () => {
    const port = await serve((_req, res) => res.end());
    const options = { allowCidrs: [], allowHosts: ["*.internal"] };
    const egress = egressFor(port, options);
    expect(await egress.request({ url: `http://a.internal:${port}/` })).toMatchObject({ status: 200 });
    expect(await egress.request({ url: `http://internal:${port}/` })).toMatchObject({
      reason: "url_forbidden",
    });
  });

  test("is asked for at the system when no lookup is given", async () => {
    const port = await serve((_req, res) => res.end());
    const allowed = createEgress({ allowHosts: ["localhost"], allowPorts: [port] });
    cleanUps.push(() => allowed.close());
    expect(await allowed.request({ url: `http://localhost:${port}/` })).toMatchObject({ status: 200 });
  });
});

describe("a redirect", () => {
  test.each([301, 302, 303, 307, 308])("with %i is not followed", async (status) => {
    let calls = 0;
    const port = await serve((_req, res) => {
      calls++;
      res.writeHead(status, { location: "/again" }).end("secret");
    });
    const outcome = await egressFor(port).request({
      url: `http://receiver.test:${port}/`,
      method: "POST",
      body: "x",
    });
    expect(outcome).toMatchObject({ kind: "failure", reason: "redirect_refused", status });
    expect(calls).toBe(1);
  });
});

describe("an answer", () => {
  test("of 10 GB is cut, and memory stays flat", async () => {
    let sent = 0;
    const port = await serve((_req, res) => {
      const chunk = Buffer.alloc(1_000_000);
      res.writeHead(200, { "content-length": 10_000_000_000 });
      const pump = (): void => {
        while (!res.destroyed && res.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      res.on("drain", pump);
      pump();
    });
    const egress = egressFor(port);
    const request = { url: `http://receiver.test:${port}/` };
    await egress.request(request);
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 20; round++) {
      const outcome = await egress.request(request);
      expect(outcome).toMatchObject({ kind: "answer", status: 200, truncated: true });
      expect(outcome.kind === "answer" && outcome.body.length).toBe(65_536);
    }
    expect(sent).toBeLessThan(1_000_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
  });

  test.each([
    [10, "0123456789", false],
    [9, "012345678", true],
    [0, "", true],
  ])("of ten bytes with a limit of %i is %j", async (maxBytes, body, truncated) => {
    const port = await serve((_req, res) => res.end("0123456789"));
    const outcome = await egressFor(port).request({ url: `http://receiver.test:${port}/`, maxBytes });
    expect(outcome).toEqual(expect.objectContaining({ body: Buffer.from(body), truncated }));
  });

  test("that is a brotli bomb stays as small as it came", async () => {
    const bomb = brotliCompressSync(Buffer.alloc(10_000_000), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
    });
    const port = await serve((_req, res) => res.writeHead(200, { "content-encoding": "br" }).end(bomb));
    const outcome = await egressFor(port).request({ url: `http://receiver.test:${port}/` });
    expect(outcome).toMatchObject({ status: 200, headers: { "content-encoding": "br" }, body: bomb });
  });

  test.each<[string, (socket: Socket) => void]>([
    ["never begins", () => undefined],
    ["has headers that come a byte at a time", (socket) => drip(socket, "HTTP/1.1 200 OK\r\nx-slow: ")],
    ["has a body that comes a byte at a time", (socket) => drip(socket, "HTTP/1.1 200 OK\r\n\r\n")],
    ["consists of 102 without end", (socket) => drip(socket, "", "HTTP/1.1 102 Processing\r\n\r\n")],
  ])("that %s is given up", async (_what, answer) => {
    const port = await serveBytes((socket) => socket.once("data", () => answer(socket)));
    const outcome = await egressFor(port, { timeoutMs: 300 }).request({
      url: `http://receiver.test:${port}/`,
    });
    expect(outcome).toMatchObject({ kind: "failure", reason: "timeout" });
  });

  test.each<[string, string, string]>([
    ["has huge headers", `HTTP/1.1 200 OK\r\nx-huge: ${"a".repeat(20_000)}\r\n\r\n`, "bad_answer"],
    ["is not HTTP", "220 smtp.example.com ESMTP\r\n", "bad_answer"],
    ["is a 100 that nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n", "connection_failed"],
    [
      "switches protocols",
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
      "connection_failed",
    ],
  ])("that %s is a failure", async (_what, bytes, reason) => {
    const port = await serveBytes((socket) => socket.once("data", () => socket.write(bytes)));
    const outcome = await egressFor(port).request({ url: `http://receiver.test:${port}/` });
    expect(outcome).toMatchObject({ kind: "failure", reason });
  });

  test.each([
    ["before its headers", "HTTP/1.1 200 OK\r\n"],
    ["within its body", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"],
  ])("that breaks off %s is a failure", async (_where, bytes) => {
    const port = await serveBytes((socket) => socket.once("data", () => socket.end(bytes)));
    const outcome = await egressFor(port).request({ url: `http://receiver.test:${port}/` });
    expect(outcome).toMatchObject({ kind: "failure", reason: "connection_failed" });
  });
});

describe("a proxy", () => {
  test("carries the calls, and only to hosts that the guard lets pass", async () => {
    const port = await serve((_req, res) => res.end("through"));
    const asked: (string | undefined)[] = [];
    const proxy = createServer();
    proxy.on("connect", (req, client: Socket) => {
      asked.push(req.url);
      client.write("HTTP/1.1 200 Connected\r\n\r\n");
      client.once("data", () => client.end("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nthrough"));
    });
    const proxyPort = await listen(proxy);
    const egress = egressFor(port, { allowCidrs: [], proxyUrl: `http://127.0.0.1:${proxyPort}` });
    const outcome = await egress.request({ url: "http://receiver.test/" });
    expect(outcome).toMatchObject({ kind: "answer", status: 200 });
    expect(asked).toEqual(["receiver.test:80"]);
    const forbidden = { kind: "failure", reason: "url_forbidden" };
    expect(await egress.request({ url: `http://127.0.0.1:${port}/` })).toMatchObject(forbidden);
    expect(await egress.request({ url: "http://localhost/" })).toMatchObject(forbidden);
    expect(asked).toHaveLength(1);
  });

  test("that refuses is a failure", async () => {
    const proxy = createServer();
    proxy.on("connect", (_req, client: Socket) => client.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
    const port = await listen(proxy);
    const egress = egressFor(port, { proxyUrl: `http://127.0.0.1:${port}` });
    const outcome = await egress.request({ url: "http://receiver.test/" });
    expect(outcome).toMatchObject({ kind: "failure", reason: "connection_failed", message: /403/ });
  });
});

/** Sends a beginning, then more every few milliseconds, for ever. */
function drip(socket: Socket, beginning: string, more = "x"): void {
  socket.write(beginning);
  const timer = setInterval(() => socket.write(more), 10);
  socket.on("close", () => clearInterval(timer));
}

/** Requests that are wrong as HTTP, sent to every route that takes a body: a socket, and bytes as they are. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { openGateway, sendRaw } from "../place.ts";
import { bodyType, EVERY_ROUTE, pathTo, takesBody } from "./every-route.ts";
import { type Everything, openEverything } from "./everything.ts";

const ROUTES = EVERY_ROUTE.filter(takesBody);
const BODY = '{"task":"t"}';
const SMUGGLED =
  "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n";

/** What stands between the request line and the empty line. */
const HEADERS: readonly (readonly [name: string, headers: string])[] = [
  ["two Host headers", "Host: localhost\r\nHost: localhost\r\nContent-Length: 12"],
  [
    "two Host headers, in another case",
    "Host: localhost\r\nX-A: 1\r\nhOST: evil.example\r\nContent-Length: 12",
  ],
  ["no Host", "Content-Length: 12"],
  ["a length and chunks", "Host: localhost\r\nContent-Length: 12\r\nTransfer-Encoding: chunked"],
  ["chunks and a length", "Host: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 12"],
  ["two lengths", "Host: localhost\r\nContent-Length: 12\r\nContent-Length: 13"],
  ["a list of lengths", "Host: localhost\r\nContent-Length: 12, 13"],
  ["a length below zero", "Host: localhost\r\nContent-Length: -1"],
  ["a length with a sign", "Host: localhost\r\nContent-Length: +12"],
  ["a length in hex", "Host: localhost\r\nContent-Length: 0xc"],
  ["an unknown coding", "Host: localhost\r\nTransfer-Encoding: xchunked"],
  ["chunks that are not last", "Host: localhost\r\nTransfer-Encoding: chunked, identity"],
  ["a space before the colon", "Host: localhost\r\nContent-Length : 12"],
  [
    "a folded line",
    "Host: localhost\r\nX-A: 1\r\n b\r\nContent-Length: 12\r\nTransfer-Encoding:\r\n chunked",
  ],
  ["a NUL in a value", "Host: localhost\r\nX-A: a\u0000b\r\nContent-Length: 12"],
  ["a line break in a value", "Host: localhost\r\nX-A: a\rb\r\nContent-Length: 12"],
  ["a bare LF", "Host: localhost\nContent-Length: 12"],
];

function statuses(answer: string): number[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}

async function expectNothing({ app, complaints }: Everything): Promise<void> {
  expect(await (await app.connection()).queueSize("celery")).toBe(0);
  expect(complaints).toEqual([]);
}

it.each(HEADERS)(
  "%s: 400 on every route, the connection ends, and what follows is not read",
  async (_name, headers) => {
    const place = await openEverything({ hasWorker: false });
    for (const route of ROUTES) {
      const head = `${route.method} ${pathTo(route)} HTTP/1.1\r\n${headers}\r\nContent-Type: ${bodyType(route)}\r\n\r\n`;
      const answer = await sendRaw(place.port, head + BODY + SMUGGLED + BODY);
      expect([route.path, statuses(answer)]).toEqual([route.path, [400]]);
    }
    await expectNothing(place);
  },
);

it("chunks with an extension of 20 KiB are 413 on every route", async () => {
  const place = await openEverything({ hasWorker: false });
  for (const route of ROUTES) {
    const head = `${route.method} ${pathTo(route)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${bodyType(route)}\r\n`;
    const chunk = `c;${"x".repeat(20_480)}\r\n${BODY}\r\n0\r\n\r\n`;
    const answer = await sendRaw(place.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`);
    const [status] = statuses(answer);
    // Some answer before they have read the body.
    expect([413, 400, 403, 404], route.path).toContain(status);
  }
  await expectNothing(place);
});

it("many who send byte by byte do not keep others waiting, and are 408 in the end", async () => {
  const limits = { headersTimeoutMs: 2000, requestTimeoutMs: 3000 };
  const { url, port } = await openGateway({ limits });
  const slow = Array.from({ length: 100 }, async (_, at) => {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    const head = "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\n";
    const bytes =
      at % 2 === 0
        ? `${head}X-A: ${"a".repeat(1000)}`
        : `${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n${" ".repeat(900)}`;
    const [start, rest] = [bytes.slice(0, 120), bytes.slice(120)];
    socket.write(start);
    let sent = 0;
    const drip = setInterval(() => socket.write(rest[sent++] ?? " "), 100);
    socket.once("close", () => clearInterval(drip));
    return statuses(await text(socket).catch(() => ""));
  });
  const all = Promise.all(slow);
  let answered = 0;
  let isOver = false;
  void all.finally(() => {
    isOver = true;
  });
  // Others are served all the while.
  while (!isOver) {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    answered += 1;
  }
  expect(answered).toBeGreaterThan(0);
  // A caller who still writes when the connection ends may lose the answer.
  const ended = await all;
  for (const status of ended) expect([[408], []]).toContainEqual(status);
  expect(ended.flat().length).toBeGreaterThan(0);
});

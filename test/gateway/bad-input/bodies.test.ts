/** Bad bodies, sent to every route that takes one: each is refused with a problem that is documented, and nothing is sent. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import type { Route } from "../../../gateway/route.ts";
import { bodyType, documented, EVERY_ROUTE, pathTo, takesBody } from "./every-route.ts";
import { type Everything, openEverything } from "./everything.ts";

const OURS = EVERY_ROUTE.filter((route) => takesBody(route) && !route.path.startsWith("/api/"));
const FLOWERS = EVERY_ROUTE.filter((route) => takesBody(route) && route.path.startsWith("/api/"));

type BadBody = readonly [name: string, body: string | Buffer, status: number, problem: string];

/** Whatever the route wants. */
const NO_JSON: readonly BadBody[] = [
  ["not JSON", "{", 400, "bad-json"],
  ["too deep", "[".repeat(100), 400, "too-deep"],
  ["a key twice", '{"task":"t","task":"t"}', 400, "duplicate-key"],
  ["half a surrogate", '{"task":"\\ud800"}', 400, "bad-unicode"],
  ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400, "bad-unicode"],
  ["a byte order mark", "\ufeff{}", 400, "bad-unicode"],
  ["out of range", '{"a":1e999}', 400, "number-range"],
  ["an integer of 5000 digits", `[${"9".repeat(5000)}]`, 400, "number-range"],
];

/** JSON that no route wants. */
const NO_REQUEST: readonly (readonly [string, string])[] = [
  ["a number", "5"],
  ["a string", '"x"'],
  ["null", "null"],
  ["a list", "[1]"],
  ["an unknown member", '{"no_such_member":1}'],
  ["__proto__", '{"__proto__":{"polluted":true}}'],
  ["constructor", '{"constructor":{"prototype":{"polluted":true}}}'],
];

const BOMB = Buffer.alloc(1024 * 1024, " ");
const COMPRESSED: readonly (readonly [coding: string, body: Buffer])[] = [
  ["gzip", gzipSync(BOMB)],
  ["br", brotliCompressSync(BOMB)],
  ["deflate", gzipSync(BOMB)],
  ["zstd", Buffer.from("28b52ffd", "hex")],
  ["identity, gzip", gzipSync("{}")],
  ["x", Buffer.from("{}")],
];

async function send(
  { url }: Everything,
  route: Route,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly type: string }> {
  const credential = route.path === "/v1/hooks/{hook}" ? { "x-api-key": "s" } : {};
  const answer = await fetch(url + pathTo(route), {
    method: route.method,
    headers: { "content-type": bodyType(route), ...credential, ...headers },
    body,
  });
  const text = await answer.text();
  const isProblem = answer.headers.get("content-type") === "application/problem+json";
  return {
    status: answer.status,
    type: isProblem ? (JSON.parse(text) as { readonly type: string }).type : text,
  };
}

async function expectNothingSent({ app, url, complaints }: Everything): Promise<void> {
  expect(await (await app.connection()).queueSize("celery")).toBe(0);
  expect(await (await fetch(`${url}/v1/tasks`)).json()).toEqual({ tasks: [] });
  expect(complaints).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

/** Nobody may make keys where nobody has one: that is said before a body is read. */
const EARLIER = [403];

it("that are no proper JSON have a problem of their own on every route", async () => {
  const place = await openEverything({ hasWorker: false });
  const late: string[] = [];
  for (const route of OURS) {
    for (const [name, body, status, problem] of NO_JSON) {
      const answer = await send(place, route, body);
      const what = `${route.method} ${route.path}: ${name}`;
      expect(documented(route), what).toContain(answer.status);
      if (EARLIER.includes(answer.status)) late.push(route.path);
      else expect([what, answer]).toEqual([what, { status, type: `/problems/${problem}` }]);
    }
  }
  expect([...new Set(late)].sort()).toMatchInlineSnapshot(`
    [
      "/v1/api-keys",
    ]
  `);
  await expectNothingSent(place);
});

it("that are JSON of the wrong shape are 4xx on every route", async () => {
  const place = await openEverything({ hasWorker: false });
  const taken: string[] = [];
  for (const route of OURS) {
    for (const [name, body] of NO_REQUEST) {
      const { status } = await send(place, route, body);
      const what = `${route.method} ${route.path}: ${name}`;
      expect(documented(route), what).toContain(status);
      if (status < 400) taken.push(`${what} ${status}`);
      else expect(status, what).toBeLessThan(500);
    }
  }
  expect(taken).toMatchInlineSnapshot(`
    [
      "POST /v1/call/{task}: an unknown member 202",
      "POST /v1/call/{task}: __proto__ 202",
      "POST /v1/call/{task}: constructor 202",
      "POST /v1/tasks:batch: a list 200",
      "POST /v1/hooks/{hook}: a number 204",
      "POST /v1/hooks/{hook}: a string 204",
      "POST /v1/hooks/{hook}: null 204",
      "POST /v1/hooks/{hook}: a list 204",
      "POST /v1/hooks/{hook}: an unknown member 204",
      "POST /v1/hooks/{hook}: __proto__ 204",
      "POST /v1/hooks/{hook}: constructor 204",
    ]
  `);
  expect(place.complaints).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

it("that are too large are 413 on every route, by what they announce and by what comes", async () => {
  const place = await openEverything({ hasWorker: false });
  for (const route of OURS) {
    const answer = await send(place, route, Buffer.alloc(8 * 1024 * 1024 + 1, " ")).catch(() => undefined);
    const what = `${route.method} ${route.path}`;
    // The connection is closed before all is sent: a caller may see that first.
    if (answer !== undefined) expect([413, ...EARLIER], what).toContain(answer.status);
  }
  await expectNothingSent(place);
});

it("of another media type, or compressed, are 415 on every route", async () => {
  const place = await openEverything({ hasWorker: false });
  for (const route of OURS) {
    const cases = [
      ...[
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "*/*",
        "\u00e9",
      ].map((type) => [{ "content-type": type }, "{}"] as const),
      ...COMPRESSED.map(([coding, body]) => [{ "content-encoding": coding }, body] as const),
    ];
    for (const [headers, body] of cases) {
      const answer = await send(place, route, body, headers);
      const what = `${route.method} ${route.path}: ${JSON.stringify(headers)}`;
      if (EARLIER.includes(answer.status)) continue;
      // Deliveries are signed as bytes, which must be UTF-8 whatever their sender calls them.
      if (route.path === "/v1/hooks/{hook}" && what.includes("utf-16")) continue;
      expect([what, answer]).toEqual([what, { status: 415, type: "/problems/unsupported-media-type" }]);
    }
  }
  await expectNothingSent(place);
});

it("are never a fault of the gateway's on Flower's routes", async () => {
  const place = await openEverything({ hasWorker: false });
  for (const route of FLOWERS) {
    for (const [name, body] of [...NO_JSON, ...NO_REQUEST]) {
      const { status, type } = await send(place, route, body);
      expect([200, 400, 403, 404, 415, 422, 501, 503], `${route.path} ${name}: ${type}`).toContain(status);
    }
    for (const [coding, body] of COMPRESSED)
      expect(
        (await send(place, route, body, { "content-encoding": coding })).status,
        route.path,
      ).toBeLessThan(500);
  }
  expect(place.complaints).toEqual([]);
});

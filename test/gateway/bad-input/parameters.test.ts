/** Nasty texts in every part of a path, in every parameter and in every header that a route reads. */
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import type { Route } from "../../../gateway/route.ts";
import { postgresUrl, sqliteFile } from "../../helpers/services.ts";
import { read } from "../place.ts";
import { bodyType, documented, EVERY_ROUTE, pathTo, takesBody } from "./every-route.ts";
import { type Everything, openEverything } from "./everything.ts";
import { NASTY } from "./nasty.ts";

/** What streams answer is read elsewhere. */
const ROUTES = EVERY_ROUTE.filter(({ operation }) => !operation.operationId.endsWith("Events"));

interface Sent {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Not fetch(), which would put a path right before it is sent. */
async function send({ port }: Everything, route: Route, { path, headers = {} }: Sent): Promise<number> {
  const body = takesBody(route) ? "{}" : undefined;
  return await new Promise((resolve, reject) => {
    const sending = request(
      {
        ...{ host: "127.0.0.1", port, method: route.method, path },
        headers: { ...(body === undefined ? {} : { "content-type": bodyType(route) }), ...headers },
      },
      (answer) => {
        text(answer).then(() => resolve(answer.statusCode ?? 0), reject);
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}

function expectGood(route: Route, status: number, what: string): void {
  const shown = `${route.method} ${route.path} ${what}`;
  expect(status, shown).not.toBe(500);
  // A name may end in what is a route of its own: 404 and 405 are any path's.
  const statuses = documented(route);
  if (statuses !== undefined) expect([...statuses, 404, 405], shown).toContain(status);
}

const STATES: readonly (readonly [name: string, url: () => Promise<string>])[] = [
  ["SQLite", async () => `sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", postgresUrl],
];

it.each(STATES)("names in paths, with the state in %s", { timeout: 120_000 }, async (_name, stateUrl) => {
  const place = await openEverything({ hasWorker: false, stateUrl: await stateUrl() });
  for (const route of ROUTES) {
    for (const [, name = ""] of route.path.matchAll(/\{(\w+)\}/g)) {
      await Promise.all(
        NASTY.map(async (nasty) => {
          const status = await send(place, route, { path: pathTo(route, { [name]: nasty }) });
          expectGood(route, status, `${name}=${JSON.stringify(nasty)}`);
        }),
      );
    }
  }
  expect(place.complaints).toEqual([]);
  // What names a task that may be, and no other.
  const { tasks } = (await (await fetch(`${place.url}/v1/tasks?limit=500`)).json()) as {
    readonly tasks: readonly { readonly task: string }[];
  };
  for (const { task } of tasks) expect(task).toMatch(/^[A-Za-z_][A-Za-z0-9_.]*$/);
  for (const line of place.audit().trimEnd().split("\n")) expect(JSON.parse(line)).toBeTypeOf("object");
});

it.each([
  ["/v1/tasks/x1?nan=AAA", "The parameter nan must be string."],
  ["/v1/tasks/x1?nan=string&nan=x", "The parameter nan must be string."],
  [`/v1/dead-letters?task=${"x".repeat(256)}`, "The parameter task may have up to 255 characters."],
  ["/v1/tasks?cursor=a%00", "The parameter cursor may not hold a NUL."],
])("a value that its parameter may not have: %.30s", async (path, detail) => {
  const { url } = await openEverything({ hasWorker: false });
  const answer = await read(fetch(url + path));
  expect(answer.status).toBe(422);
  expect(answer.body).toMatchObject({ type: "/problems/invalid-arguments", detail });
});

it("values of every parameter of a query", { timeout: 120_000 }, async () => {
  const place = await openEverything({ hasWorker: false });
  for (const route of ROUTES) {
    const names = (route.operation.parameters ?? [])
      .filter((one) => one.in === "query")
      .map(({ name }) => name);
    for (const name of names) {
      await Promise.all(
        NASTY.map(async (nasty) => {
          const path = `${pathTo(route)}?${name}=${encodeURIComponent(nasty)}`;
          const what = `${name}=${JSON.stringify(nasty)}`;
          const status = await send(place, route, { path });
          expectGood(route, status, what);
          if (nasty.includes("\0")) expect([403, 404, 422], what).toContain(status);
        }),
      );
      const broken = ["", "=", `=1&${name}=2`, "=%", "=%zz", "=%ff", "[]=1", "[__proto__]=1"];
      for (const end of broken) {
        const status = await send(place, route, { path: `${pathTo(route)}?${name}${end}` });
        expectGood(route, status, `${name}${end}`);
      }
    }
  }
  expect(place.complaints).toEqual([]);
});

it("values of every header that a route reads", { timeout: 120_000 }, async () => {
  const place = await openEverything({ hasWorker: false });
  const bytes = NASTY.map((text) => Buffer.from(text).toString("latin1"));
  // Node does not send others: they would end the line.
  const values = bytes.filter((value) =>
    [...value].every((char) => char === "\t" || !/\p{Cc}/u.test(char) || char >= "\x80"),
  );
  const usual = [
    "x-request-id",
    "content-type",
    "accept",
    "authorization",
    "origin",
    "user-agent",
    "expect-ct",
  ];
  for (const route of ROUTES) {
    const own = (route.operation.parameters ?? [])
      .filter((one) => one.in === "header")
      .map(({ name }) => name);
    for (const name of [...own, ...(route.path === "/v1/tasks" ? usual : [])]) {
      await Promise.all(
        values.map(async (value) => {
          const status = await send(place, route, { path: pathTo(route), headers: { [name]: value } });
          expectGood(route, status, `${name}: ${JSON.stringify(value)}`);
        }),
      );
    }
  }
  expect(place.complaints).toEqual([]);
});

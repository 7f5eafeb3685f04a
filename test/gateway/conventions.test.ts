/** docs/gateway-conventions.md: the tests that it names are there, and the headers and statuses that it promises come. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { PROBLEMS } from "../../gateway/index.ts";
import { pageText } from "../helpers/documentation.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { openAccess, posted } from "./access-place.ts";
import { type Answer, exception, openGateway, post, read, storeState } from "./place.ts";

const page = pageText("gateway-conventions.md");
const NAMED_TEST = /`([\w/.-]+\.test\.ts)` "([^"]+)"/g;
const PROBLEM = "application/problem+json";

/** Those headers of an answer; null for one that is not there. */
function pick({ headers }: { readonly headers: Headers }, ...names: readonly string[]): (string | null)[] {
  return names.map((name) => headers.get(name));
}

function put(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const init = { method: "PUT", body: JSON.stringify(body) };
  return read(fetch(url, { ...init, headers: { "content-type": "application/json", ...headers } }));
}

describe("the page", () => {
  const named = [...page.matchAll(NAMED_TEST)].map(([, file = "", title = ""]) => ({ file, title }));

  it("names a test in every row of its tables", () => {
    const rows = page.split("\n").filter((line) => /^\| [^|]/.test(line) && !line.includes("| shown by |"));
    expect(rows.filter((row) => row.search(NAMED_TEST) === -1)).toEqual([]);
    expect(named.length).toBeGreaterThan(rows.length);
  });

  it("names tests that there are", () => {
    const missing = named.filter(({ file, title }) => {
      const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
      return !text.includes(`"${title}"`);
    });
    expect(missing).toEqual([]);
  });

  it("names problems with their statuses", () => {
    const [, section = ""] = page.split("## Problem types");
    const rows = (section.split("\n## ")[0] ?? "").matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) \| (\d+) \|/gm);
    const statuses = [...rows].flatMap(([, names = "", status]) =>
      names.split(", ").map((name) => [name.slice(1, -1), Number(status)] as const),
    );
    expect(statuses.length).toBeGreaterThan(20);
    const ours: Readonly<Partial<Record<string, { readonly status: number }>>> = PROBLEMS;
    expect(statuses.map(([name]) => [name, ours[name]?.status])).toEqual(statuses);
  });
});

test("a task that is sent", async () => {
  const { url } = await openGateway();
  const sent = await read(post(`${url}/v1/tasks`, { task: "t" }));
  const self = `/v1/tasks/${sent.body["id"]}`;
  expect(sent.status).toBe(202);
  expect(pick(sent, "location", "content-type", "preference-applied", "x-content-type-options")).toEqual([
    self,
    "application/json",
    null,
    "nosniff",
  ]);
  expect(sent.body).toEqual({
    id: expect.any(String),
    task: "t",
    state: "PENDING",
    links: { self, result: `${self}/result`, events: `${self}/events` },
  });
});

test("what was taken of Prefer", async () => {
  const { url } = await openGateway({ waitMaxSeconds: 1 });
  const ask = async (prefer: string): Promise<unknown[]> => {
    const answer = await read(post(`${url}/v1/tasks`, { task: "t" }, { prefer }));
    return [answer.status, ...pick(answer, "preference-applied")];
  };
  expect(await ask("wait=99")).toEqual([202, "wait=1"]);
  expect(await ask("respond-async")).toEqual([202, "respond-async"]);
  expect(await ask("handling=lenient")).toEqual([202, null]);
});

test("a task that has not ended", async () => {
  const { url, app } = await openGateway();
  const sent = await read(post(`${url}/v1/tasks`, { task: "t" }));
  const self = url + sent.headers.get("location");
  const pending = await read(fetch(self));
  expect([pending.status, ...pick(pending, "retry-after", "cache-control")]).toEqual([200, "1", "no-cache"]);
  const etag = pending.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]+"$/);
  const asked = { headers: { "if-none-match": `"other", W/${etag}`, prefer: "wait=1" } };
  const same = await read(fetch(self, asked));
  expect([same.status, ...pick(same, "etag", "preference-applied"), same.body]).toEqual([
    304,
    etag,
    "wait=1",
    {},
  ]);
  await storeState(app, String(sent.body["id"]), "SUCCESS", 5);
  const ended = await read(fetch(self, asked));
  expect([ended.status, ...pick(ended, "retry-after")]).toEqual([200, null]);
  expect(ended.headers.get("etag")).not.toBe(etag);
});

test("a bare result", async () => {
  const { url, app } = await openGateway();
  const id = "task-1";
  const result = async (): Promise<unknown[]> => {
    const answer = await read(fetch(`${url}/v1/tasks/${id}/result`));
    return [answer.status, ...pick(answer, "content-type", "retry-after"), answer.body["type"]];
  };
  await storeState(app, id, "STARTED", null);
  expect(await result()).toEqual([202, "application/json", "1", undefined]);
  await storeState(app, id, "FAILURE", exception("ValueError", "no"));
  expect(await result()).toEqual([424, PROBLEM, null, "/problems/task-failed"]);
  await storeState(app, "task-2", "REVOKED", exception("TaskRevokedError", "revoked"));
  const revoked = await read(fetch(`${url}/v1/tasks/task-2/result`));
  expect([revoked.status, revoked.body["type"]]).toEqual([424, "/problems/task-revoked"]);
});

test("a problem", async () => {
  const { url } = await openGateway();
  const unknown = await read(fetch(`${url}/v1/tasks/nobody`));
  expect([unknown.status, ...pick(unknown, "content-type")]).toEqual([404, PROBLEM]);
  expect(unknown.body).toMatchObject({ status: 404, title: PROBLEMS["unknown-task"].title, id: "nobody" });
  const explained = await fetch(url + String(unknown.body["type"]));
  expect(explained.status).toBe(200);
  expect(await explained.text()).toContain(PROBLEMS["unknown-task"].title);
  const wrong = await read(fetch(`${url}/v1/tasks`, { method: "PUT" }));
  expect([wrong.status, ...pick(wrong, "allow", "content-type")]).toEqual([405, "POST, GET, HEAD", PROBLEM]);
});

test.each([
  ["POST", "/v1/tasks", "accept-post", "application/json"],
  ["POST", "/v1/tasks:batch", "accept-post", "application/json, application/x-ndjson"],
  ["PATCH", "/v1/tasks/x", "accept-patch", "application/json"],
  ["PUT", "/v1/task-types/x", "accept", "application/json"],
])("a type that is not taken: %s %s", async (method, path, header, types) => {
  const { url } = await openGateway();
  const init = { method, headers: { "content-type": "text/plain" }, body: "{}" };
  const answer = await read(fetch(url + path, init));
  expect([answer.status, ...pick(answer, header)]).toEqual([415, types]);
});

test("a request that is repeated", async () => {
  const { url, app } = await openGateway();
  const ask = (): Promise<Answer> =>
    read(post(`${url}/v1/tasks`, { task: "t" }, { "idempotency-key": '"order-17"', prefer: "wait=30" }));
  const first = ask();
  const busy = async (): Promise<unknown[]> => {
    const answer = await ask();
    return [answer.status, ...pick(answer, "retry-after", "content-type"), answer.body["type"]];
  };
  // Whichever comes second.
  await expect
    .poll(busy, { timeout: 20_000 })
    .toEqual([409, "1", PROBLEM, "/problems/idempotency-in-progress"]);
  const { body } = await read(fetch(`${url}/v1/tasks`));
  const [task] = body["tasks"] as readonly { readonly id: string }[];
  await storeState(app, task?.id ?? "", "SUCCESS", 5);
  const done = await first;
  const again = await ask();
  expect([done.status, ...pick(done, "idempotent-replayed")]).toEqual([200, null]);
  expect([again.status, ...pick(again, "idempotent-replayed", "location"), again.body]).toEqual([
    200,
    "true",
    done.headers.get("location"),
    done.body,
  ]);
});

test("a page of a list", async () => {
  const { url } = await openGateway();
  for (let at = 0; at < 3; at += 1) await post(`${url}/v1/tasks`, { task: "t" });
  const first = await read(fetch(`${url}/v1/tasks?limit=2&task=t`));
  const next = String(first.body["next"]);
  expect(pick(first, "link", "cache-control")).toEqual([`<${next}>; rel="next"`, "no-store"]);
  expect(new URL(next, url).searchParams.get("task")).toBe("t");
  const last = await read(fetch(url + next));
  expect([last.body["tasks"], ...pick(last, "link")]).toEqual([[expect.anything()], null]);
});

test("a stream", async () => {
  const { url, app } = await openGateway();
  await storeState(app, "task-1", "SUCCESS", 5);
  const stream = await fetch(`${url}/v1/tasks/task-1/events`);
  expect(pick(stream, "content-type", "cache-control", "x-accel-buffering")).toEqual([
    "text/event-stream",
    "no-store",
    "no",
  ]);
  const text = await stream.text();
  expect(text.startsWith("retry: 2000\n\n")).toBe(true);
  const events = [...text.matchAll(/^id: (\d+)\nevent: (\w+)$/gm)].map(([, id, name]) => [Number(id), name]);
  expect(events.map(([, name]) => name)).toEqual(["state", "result", "end"]);
  const ids = events.map(([id]) => Number(id));
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
  const seen = { headers: { "last-event-id": String(ids.at(-1)) } };
  expect((await fetch(`${url}/v1/tasks/task-1/events`, seen)).status).toBe(204);
});

test("what is put", async () => {
  const { url } = await openGateway({ schedules: join(await temporaryFolder(), "schedule") });
  const schedule = `${url}/v1/schedules/nightly`;
  const made = await put(schedule, { task: "t", every: 60 });
  expect([made.status, ...pick(made, "location")]).toEqual([201, "/v1/schedules/nightly"]);
  const etag = made.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]+"$/);
  const changed = await put(schedule, { task: "t", every: 90 }, { "if-match": etag });
  expect([changed.status, ...pick(changed, "location")]).toEqual([200, null]);
  const late = await put(schedule, { task: "t", every: 30 }, { "if-match": etag });
  expect([late.status, late.body["type"]]).toEqual([412, "/problems/precondition-failed"]);
  expect((await put(schedule, { task: "t", every: 30 }, { "if-none-match": "*" })).status).toBe(412);
});

test("what is purged", async () => {
  const { url, app } = await openGateway();
  await (await app.connection()).declareQueue(app.router.queue("celery"));
  const queue = await read(fetch(`${url}/v1/queues/celery`));
  const purge = (headers: Readonly<Record<string, string>>): Promise<Answer> =>
    read(fetch(`${url}/v1/queues/celery:purge`, { method: "POST", headers }));
  const blind = await purge({});
  expect([blind.status, blind.body["type"]]).toEqual([428, "/problems/precondition-required"]);
  expect((await purge({ "if-match": '"other"' })).status).toBe(412);
  expect((await purge({ "if-match": queue.headers.get("etag") ?? "" })).status).toBe(200);
});

test("a caller without a credential, or without a scope", async () => {
  const { url, as, key } = await openAccess();
  const nobody = await read(fetch(`${url}/v1/tasks`));
  expect([nobody.status, ...pick(nobody, "www-authenticate", "content-type")]).toEqual([
    401,
    'Bearer realm="celerity"',
    PROBLEM,
  ]);
  const basic = await fetch(`${url}/api/tasks`);
  expect([basic.status, ...pick(basic, "www-authenticate")]).toEqual([
    401,
    'Basic realm="celerity", charset="UTF-8", Bearer realm="celerity"',
  ]);
  const reader = await read(as(await key({ scopes: ["tasks:read"] }), "/v1/workers"));
  expect([reader.status, ...pick(reader, "www-authenticate")]).toEqual([
    403,
    'Bearer realm="celerity", error="insufficient_scope", scope="workers:read"',
  ]);
});

test("a caller with a quota", async () => {
  const { as, key } = await openAccess();
  const text = await key({ quotas: { requests: { quota: 1, window: 600 } } });
  const first = await as(text, "/v1/tasks", posted({ task: "t" }));
  expect(pick(first, "ratelimit-policy", "ratelimit")).toEqual([
    '"requests";q=1;w=600',
    expect.stringMatching(/^"requests";r=0;t=\d+$/),
  ]);
  const over = await read(as(text, "/v1/tasks"));
  expect([over.status, ...pick(over, "content-type", "ratelimit-policy")]).toEqual([
    429,
    PROBLEM,
    '"requests";q=1;w=600',
  ]);
  expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(500);
  expect(over.body).toMatchObject({
    type: PROBLEMS["quota-exceeded"].uri,
    "violated-policies": ["requests"],
  });
});

test("a gateway that is full", async () => {
  const { url } = await openGateway({ limits: { streams: 0, waits: 0 } });
  const full = [503, "1", PROBLEM, PROBLEMS["temporary-reduced-capacity"].uri];
  for (const asking of [
    fetch(`${url}/v1/events`),
    post(`${url}/v1/tasks`, { task: "t" }, { prefer: "wait=5" }),
  ]) {
    const answer = await read(asking);
    const found = [answer.status, ...pick(answer, "retry-after", "content-type"), answer.body["type"]];
    expect(found).toEqual(full);
  }
});

/** Limits of callers, over one gateway and over two. */
import { describe, expect, it } from "vitest";
import { Meter } from "../../gateway/access/meter.ts";
import type { Policy } from "../../gateway/index.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { takeMessages } from "../helpers/worker.ts";
import { openAccess, openAnother, posted } from "./access-place.ts";
import { read } from "./place.ts";

const policy = (quotas: NonNullable<Policy["quotas"]>): Policy => ({
  quotas,
  scopes: ["admin"],
  read: "all",
});
const submit = posted({ task: "t" });

describe("quotas", () => {
  it("are told in every answer, and end in 429", async () => {
    const { as, key } = await openAccess();
    const text = await key(policy({ submit: { quota: 3, window: 600 } }));
    const first = await as(text, "/v1/tasks");
    expect(first.headers.get("ratelimit-policy")).toBe('"submit";q=3;w=600');
    expect(first.headers.get("ratelimit")).toBe('"submit";r=3;t=600');
    for (const left of [2, 1, 0]) {
      const answer = await as(text, "/v1/tasks", submit);
      expect(answer.status).toBe(202);
      expect(answer.headers.get("ratelimit")).toMatch(new RegExp(`^"submit";r=${left};t=(600|59\\d)$`));
    }
    const over = await read(as(text, "/v1/tasks", submit));
    expect(over.status).toBe(429);
    expect(over.body).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      "violated-policies": ["submit"],
    });
    expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(500);
    expect(over.headers.get("ratelimit")).toMatch(/^"submit";r=0;t=/);
    // Reading is not sending; what is wrong was not sent.
    expect((await as(text, "/v1/tasks")).status).toBe(200);
    const missing = await as(text, "/v1/tasks/unknown");
    expect([missing.status, missing.headers.get("ratelimit")]).toEqual([404, expect.stringContaining("r=0")]);
  });

  it("of tasks count those of batches and workflows one by one", async () => {
    const { as, key } = await openAccess();
    const text = await key(policy({ submit: { quota: 5, window: 600 } }));
    const chain = posted({ chain: [{ task: "a" }, { task: "b" }, { task: "c" }] });
    expect((await as(text, "/v1/workflows", chain)).status).toBe(202);
    expect((await as(text, "/v1/workflows", chain)).status).toBe(429);
    const batch = await read(
      as(text, "/v1/tasks:batch", posted([{ task: "a" }, { task: "b" }, { task: "c" }])),
    );
    const statuses = (batch.body["items"] as readonly { readonly status: number }[]).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([202, 202, 429]);
  });

  it("of tasks are taken for a strict batch as a whole, before anything is sent", async () => {
    const { as, key, app } = await openAccess();
    const text = await key(policy({ submit: { quota: 3, window: 600 } }));
    const strict = (count: number): RequestInit => {
      const init = posted(Array.from({ length: count }, (_, at) => ({ task: `t${at}` })));
      return { ...init, headers: { ...init.headers, prefer: "handling=strict" } };
    };
    expect((await as(text, "/v1/tasks:batch", strict(4))).status).toBe(429);
    const fits = await as(text, "/v1/tasks:batch", strict(2));
    expect([fits.status, fits.headers.get("ratelimit")]).toEqual([200, expect.stringContaining("r=1;")]);
    expect((await as(text, "/v1/tasks:batch", strict(2))).status).toBe(429);
    expect((await as(text, "/v1/tasks", posted({ task: "last" }))).status).toBe(202);
    const sent = await takeMessages(app, "celery", 3);
    expect(sent.map(({ message }) => message?.headers["task"])).toEqual(["t0", "t1", "last"]);
  });

  it("of requests count all of them", async () => {
    const { as, key } = await openAccess();
    const text = await key({ scopes: ["tasks:read"], quotas: { requests: { quota: 2, window: 600 } } });
    expect((await as(text, "/v1/tasks")).status).toBe(200);
    expect((await as(text, "/v1/tasks", submit)).status).toBe(403);
    expect((await as(text, "/v1/tasks")).status).toBe(429);
  });

  it("of bytes count bodies", async () => {
    const { as, key } = await openAccess();
    const text = await key(policy({ bytes: { quota: 100, window: 600 } }));
    const answer = await as(text, "/v1/tasks", submit);
    expect(answer.headers.get("ratelimit-policy")).toBe('"bytes";q=100;qu="content-bytes";w=600');
    expect(answer.headers.get("ratelimit")).toContain('"bytes";r=88;t=');
    const large = await as(text, "/v1/tasks", posted({ task: "t", args: ["x".repeat(100)] }));
    expect(large.status).toBe(429);
    expect((await as(text, "/v1/tasks", submit)).status).toBe(202);
  });

  it("begin again", async () => {
    const { as, key } = await openAccess();
    const text = await key(policy({ submit: { quota: 1, window: 1 } }));
    expect((await as(text, "/v1/tasks", submit)).status).toBe(202);
    await expect
      .poll(async () => (await as(text, "/v1/tasks", submit)).status, { timeout: 10_000 })
      .toBe(202);
  });

  it("are exact over two gateways, however many ask at once", async () => {
    const here = await openAccess();
    const there = await openAnother(here);
    const text = await here.key(policy({ submit: { quota: 40, window: 600 } }));
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? here : there).as(text, "/v1/tasks", submit)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(40);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
    const fresh = await openAnother(here);
    expect((await fresh.as(text, "/v1/tasks")).headers.get("ratelimit")).toMatch(/^"submit";r=0;/);
  });

  it("are not told to callers without any", async () => {
    const { as, key } = await openAccess();
    const answer = await as(await key(), "/v1/tasks");
    expect(answer.headers.get("ratelimit")).toBeNull();
  });
});

describe("a large quota", () => {
  it("is taken in portions, and never given out twice", async () => {
    const { counters } = createMemoryState();
    let asked = 0;
    const counting: typeof counters = {
      take(...args) {
        asked += 1;
        return counters.take(...args);
      },
    };
    const quota = { quota: 10_000, window: 600 };
    const meters = [1, 2].map(() => new Meter({ counters: counting, key: "k", name: "requests", quota }));
    let taken = 0;
    for (let at = 0; at < 12_000; at += 1) if (await meters[at % 2]?.take(1)) taken += 1;
    expect(taken).toBe(10_000);
    expect(asked).toBeLessThan(5000);
    expect(meters.map((meter) => meter.remaining())).toEqual([0, 0]);
  });

  it("lets one request have more than a portion", async () => {
    const { counters } = createMemoryState();
    const meter = new Meter({ counters, key: "k", name: "bytes", quota: { quota: 1000, window: 600 } });
    expect(await meter.take(900)).toBe(true);
    expect(await meter.take(101)).toBe(false);
    expect(await meter.take(100)).toBe(true);
    expect(await meter.take(1)).toBe(false);
  });
});

/** Nasty texts as values of members: each is refused with a 4xx, or kept exactly, and never a fault. */
import { describe, expect, it } from "vitest";
import { postgresUrl } from "../../helpers/services.ts";
import { takeMessages } from "../../helpers/worker.ts";
import { type Everything, openEverything } from "./everything.ts";
import { NASTY } from "./nasty.ts";

const rules = [{ task: "examples.add" }];

/** Where a text may stand, and the request that has it there. */
const PLACES: readonly (readonly [
  name: string,
  method: string,
  path: string,
  body: (text: string) => unknown,
  type?: string,
])[] = [
  ["a task", "POST", "/v1/tasks", (text) => ({ task: text })],
  ["an argument", "POST", "/v1/tasks", (text) => ({ task: "t", args: [text], kwargs: { [text]: text } })],
  ["a queue", "POST", "/v1/tasks", (text) => ({ task: "t", queue: text })],
  ["a tag", "POST", "/v1/tasks", (text) => ({ task: "t", tags: [text] })],
  ["a dedupe key", "POST", "/v1/tasks", (text) => ({ task: "t", dedupe: { key: text } })],
  ["an eta", "POST", "/v1/tasks", (text) => ({ task: "t", eta: text })],
  ["a delay", "POST", "/v1/tasks", (text) => ({ task: "t", delay: text })],
  ["an expiry", "POST", "/v1/tasks", (text) => ({ task: "t", expires: text })],
  ["a callback", "POST", "/v1/tasks", (text) => ({ task: "t", callback: { url: text } })],
  ["an endpoint", "POST", "/v1/tasks", (text) => ({ task: "t", callback: { endpoint: text } })],
  ["a task of a workflow", "POST", "/v1/workflows", (text) => ({ chain: [{ task: text }, { task: "t" }] })],
  ["a member of a canvas", "POST", "/v1/workflows", (text) => ({ [text]: [] })],
  ["a description", "PUT", "/v1/schedules/s", (text) => ({ task: "t", every: 60, description: text })],
  ["a cron", "PUT", "/v1/schedules/s", (text) => ({ task: "t", cron: text })],
  ["a time zone", "PUT", "/v1/schedules/s", (text) => ({ task: "t", cron: "0 4 * * *", timezone: text })],
  ["a URL", "PUT", "/v1/webhook-endpoints/e", (text) => ({ url: text })],
  ["a secret", "PUT", "/v1/hooks/n", (text) => ({ verifier: "api-key", secrets: [text], rules })],
  [
    "a header",
    "PUT",
    "/v1/hooks/n",
    (text) => ({ verifier: "api-key", secrets: ["s"], api_key: { header: text }, rules }),
  ],
  [
    "a pointer",
    "PUT",
    "/v1/hooks/n",
    (text) => ({ verifier: "none", rules: [{ task: "t", args: [{ $ptr: text }] }] }),
  ],
  ["a type's text", "PUT", "/v1/task-types/t", (text) => ({ description: text, deprecated: text })],
  ["a pattern", "PUT", "/v1/task-types/t", (text) => ({ kwargs: { properties: { x: { pattern: text } } } })],
  ["an event's id", "POST", "/v1/events", (text) => event({ id: text }), "application/cloudevents+json"],
  [
    "an event's source",
    "POST",
    "/v1/events",
    (text) => event({ source: text }),
    "application/cloudevents+json",
  ],
  ["a replay's filter", "POST", "/v1/replays", (text) => ({ queue: "celery", filter: { task: text } })],
  ["a batch's key", "POST", "/v1/tasks:batch", (text) => [{ task: "t", idempotency_key: text }]],
  ["a late answer", "POST", "/v1/tasks/x1/complete/x", (text) => ({ error: { type: text, message: text } })],
];

function event(members: object): object {
  return { specversion: "1.0", id: "1", source: "s", type: "t", ...members };
}

async function sendAll(place: Everything): Promise<Readonly<Record<string, readonly number[]>>> {
  const seen: Record<string, number[]> = {};
  for (const [name, method, path, body, type = "application/json"] of PLACES) {
    const statuses = new Set<number>();
    for (const text of NASTY) {
      const answer = await fetch(place.url + path, {
        method,
        headers: { "content-type": type },
        body: JSON.stringify(body(text)),
      });
      await answer.arrayBuffer();
      expect(answer.status, `${name}: ${JSON.stringify(text)}`).toBeLessThan(500);
      statuses.add(answer.status);
    }
    seen[name] = [...statuses].sort();
  }
  return seen;
}

const STATES: readonly (readonly [name: string, url: () => Promise<string | undefined>])[] = [
  ["memory", () => Promise.resolve(undefined)],
  ["PostgreSQL", postgresUrl],
];

describe("nasty texts", () => {
  it.each(STATES)("in bodies, with the state in %s", { timeout: 120_000 }, async (_name, stateUrl) => {
    const place = await openEverything({ hasWorker: false, stateUrl: await stateUrl() });
    const seen = await sendAll(place);
    expect(place.complaints).toEqual([]);
    // Some are good everywhere, some nowhere.
    expect(seen["an argument"]).toEqual([202]);
    expect(seen["a task"]).toEqual([202, 422]);
    expect(seen["a callback"]).toEqual([422]);
    expect(seen["an eta"]).toEqual([422]);
  });

  it("in arguments reach the message exactly", async () => {
    const { app, url } = await openEverything({ hasWorker: false });
    const answer = await fetch(`${url}/v1/tasks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ task: "t", args: NASTY }),
    });
    expect(answer.status).toBe(202);
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(JSON.parse(String(delivery?.message?.body))[0]).toEqual(NASTY);
  });
});

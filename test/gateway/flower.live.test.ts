/**
 * Flower itself and the gateway on one broker and one result store, in front of one Python worker: the same calls go to
 * both, and the answers have the same statuses and shapes, except where docs/flower.md says otherwise.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createApp } from "../../app/index.ts";
import { createGateway } from "../../gateway/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { pythonTasks } from "../e2e/places.ts";
import { startFlower } from "../helpers/flower.ts";
import { type PythonWorker, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { redisUrl } from "../helpers/services.ts";
import { callsTable, FLOWER_CALLS, type FlowerCall, type Side } from "./flower-calls.ts";

const PATIENCE = { timeout: 60_000, interval: 100 };
const isMissing = !process.env["CI"] && !pythonVersions().includes("latest");

interface Place {
  readonly broker: string;
  readonly backend: string;
}

async function startOurs({ broker, backend }: Place): Promise<string> {
  const app = createApp({ env: {}, brokerUrl: broker, resultBackend: backend, onWarning: () => undefined });
  const gateway = createGateway({ app, watchWorkers: true, allowTraceback: true });
  cleanUp(async () => {
    await gateway.close();
    await app.close();
  });
  return (await gateway.listen({ port: 0 })).url;
}

interface Answer {
  readonly status: number;
  /** Parsed when it is JSON. */
  readonly body: unknown;
}

async function send({ url, good, bad, worker }: Side, { method, path, body }: FlowerCall): Promise<Answer> {
  const fill = (text: string): string =>
    text
      .replaceAll("{good}", good)
      .replaceAll("{bad}", bad)
      .replaceAll("{worker}", encodeURIComponent(worker));
  const isForm = typeof body === "string" && body.includes("=");
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  const response = await fetch(url + fill(path), {
    method,
    headers: { "content-type": type },
    ...(body === undefined ? {} : { body: typeof body === "string" ? fill(body) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

/** Keys and JSON types, recursively; of a list those of its members. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shape(item))))].sort();
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, shape(member)]));
}

describe.skipIf(isMissing)("Flower's API", () => {
  let flower: Side;
  let ours: Side;
  let worker: PythonWorker;

  beforeAll(async () => {
    const place = { broker: await redisUrl(), backend: await redisUrl() };
    worker = await startPythonWorker({
      version: "latest",
      ...place,
      env: pythonTasks.env,
      app: "matrix_tasks",
      conf: { worker_pool_restarts: true },
    });
    const [theirUrl, url] = await Promise.all([
      startFlower(place, { inspectTimeoutMs: 3_000 }),
      startOurs(place),
    ]);
    for (const site of [theirUrl, url]) {
      await vi.waitFor(async () => {
        const workers = (await (await fetch(`${site}/api/workers`)).json()) as Record<string, object>;
        expect(Object.keys(workers[worker.name] ?? {}).sort()).toEqual([
          "active_queues",
          "conf",
          "registered",
          "stats",
          "timestamp",
        ]);
      }, PATIENCE);
    }
    await untilBothSee(theirUrl, url);
    [flower, ours] = [await openSide(theirUrl), await openSide(url)];
  });

  /** Events of tasks are on once both have heard of one that was sent after they listened. */
  async function untilBothSee(...sites: readonly string[]): Promise<void> {
    await vi.waitFor(async () => {
      const { "task-id": id } = await apply(sites[0] ?? "", "examples.add", [1, 1]);
      for (const site of sites)
        await vi.waitFor(async () => expect(await stateAt(site, id)).toBe("SUCCESS"), { timeout: 3000 });
    }, PATIENCE);
  }

  async function stateAt(site: string, id: string): Promise<unknown> {
    const answer = await fetch(`${site}/api/task/info/${id}`);
    return answer.ok ? ((await answer.json()) as { state: string }).state : undefined;
  }

  async function apply(
    site: string,
    task: string,
    args: readonly unknown[],
  ): Promise<{ readonly "task-id": string }> {
    const answer = await fetch(`${site}/api/task/apply/${task}`, {
      method: "POST",
      body: JSON.stringify({ args }),
    });
    return (await answer.json()) as { "task-id": string };
  }

  async function openSide(url: string): Promise<Side> {
    const { "task-id": good } = await apply(url, "examples.add", [2, 3]);
    const { "task-id": bad } = await apply(url, "examples.fail", ["no"]);
    return { url, good, bad, worker: worker.name };
  }

  /** Both have heard of the same events. */
  async function untilSettled(): Promise<void> {
    const states = async ({ url }: Side): Promise<readonly unknown[]> => {
      const tasks = (await (await fetch(`${url}/api/tasks`)).json()) as Record<string, { state: string }>;
      return Object.entries(tasks)
        .map(([id, { state }]) => [id, state])
        .sort();
    };
    await vi.waitFor(async () => {
      const [theirs, own] = [await states(flower), await states(ours)];
      expect(own).toEqual(theirs);
      expect(own.length).toBeGreaterThan(10);
      expect(JSON.stringify(own)).not.toMatch(/"(RECEIVED|STARTED)"/);
    }, PATIENCE);
  }

  test.each(
    FLOWER_CALLS.map(
      (call) =>
        [
          `${call.method} ${call.path} ${(call.shown ?? JSON.stringify(call.body)) || ""}`.slice(0, 120),
          call,
        ] as const,
    ),
  )("%s", async (_name, call) => {
    if (call.compare === "values") await untilSettled();
    const theirs = await send(flower, call);
    const own = await send(ours, call);
    expect({ flower: theirs.status, here: own.status, theirs: theirs.body, own: own.body }).toMatchObject({
      flower: call.flower,
      here: call.here,
    });
    if (call.flower !== call.here || call.compare === "nothing") return;
    if (call.compare === "values" || call.here !== 200) expect(own.body).toEqual(theirs.body);
    else expect(shape(own.body)).toEqual(shape(theirs.body));
  });
});

test("docs/flower.md has the table of these calls", () => {
  const page = readFileSync(new URL("../../docs/flower.md", import.meta.url), "utf8");
  expect(page).toContain(callsTable());
});

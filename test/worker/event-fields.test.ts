/** What a worker here and a Python worker say of the same tasks: events with the same fields, of the same types. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type App,
  broadcast,
  type ClusterEvent,
  createApp,
  createEventReceiver,
  Ignore,
  Reject,
  type SendOptions,
} from "../../app/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker, type Worker } from "../../worker/index.ts";
import { type PythonWorker, startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { pythonFolder } from "../helpers/python-environment.ts";
import { redisUrl } from "../helpers/services.ts";

const POLL = { timeout: 30_000 };
const here = fileURLToPath(new URL(".", import.meta.url));

let broker: string;
let app: App;
let worker: Worker;
let python: PythonWorker;
const events: ClusterEvent[] = [];

/** The twins of events_tasks.py and of py.sleep. */
function registerTasks(target: App): void {
  target.task("ev.add", (x: number, y: number) => x + y);
  target.task("ev.fail", () => {
    throw new RangeError("too far");
  });
  target.task("ev.ignore", () => {
    throw new Ignore();
  });
  target.task("ev.quiet", { sendEvents: false }, () => "nothing to see");
  target.task("ev.reject", { bind: true }, ({ request }, requeue: boolean) => {
    if (requeue && request.deliveryInfo.redelivered) return "back";
    throw new Reject("not mine", { requeue });
  });
  target.task("ev.retry", { bind: true, maxRetries: 1 }, (self) => {
    if (self.request.retries === 0) throw self.retry({ countdown: 0, error: new RangeError("again") });
  });
  target.task("py.sleep", { bind: true }, async ({ signal }, seconds: number) => {
    await sleep(seconds * 1000, undefined, { signal });
  });
}

function openApp(): App {
  const opened = createApp({
    env: {},
    brokerUrl: broker,
    taskSendSentEvent: true,
    onWarning: () => undefined,
  });
  registerTasks(opened);
  cleanUp(() => opened.close());
  return opened;
}

async function startWorker(queue: string, acksOnFailure = true): Promise<Worker> {
  const workerApp = createApp({
    env: {},
    brokerUrl: broker,
    taskAcksOnFailureOrTimeout: acksOnFailure,
    onWarning: () => undefined,
  });
  registerTasks(workerApp);
  cleanUp(() => workerApp.close());
  const started = createWorker({
    app: workerApp,
    queues: [queue],
    hostname: `${queue}@here`,
    pool: "async",
    taskEvents: true,
  });
  cleanUp(() => started.stop());
  await started.start();
  return started;
}

beforeAll(async () => {
  broker = await redisUrl();
  app = openApp();
  const receiver = createEventReceiver({ app, onEvent: (event) => events.push(event) });
  cleanUp(() => receiver.stop());
  await receiver.start();
  const options = { version: "latest", broker, app: "events_tasks", args: ["-Q", "py", "-E"] } as const;
  [worker, python] = await Promise.all([
    startWorker("ts"),
    startPythonWorker({ ...options, env: { PYTHONPATH: `${pythonFolder}:${here}` } }),
  ]);
});

/** The events of a task and of one type, once there is one. */
async function eventOf(id: string, type: string): Promise<ClusterEvent> {
  const find = (): ClusterEvent | undefined => events.find((one) => one["uuid"] === id && one.type === type);
  await expect.poll(find, { ...POLL, message: `${type} of ${id}` }).toBeDefined();
  return find() as ClusterEvent;
}

/** Names of the fields, and what kind of value each has. */
function shapeOf(event: ClusterEvent): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, value === null ? "null" : typeof value]),
  );
}

/** Sends a task to both workers; `types` are events of it whose fields must be the same. */
async function compare(
  task: string,
  send: SendOptions,
  types: readonly string[],
  meanwhile: (id: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const shapes = [];
  for (const queue of ["py", "ts"]) {
    const { id } = await app.sendTask(task, { ...send, queue });
    await meanwhile(id);
    const found: Record<string, Readonly<Record<string, string>>> = {};
    for (const type of types) found[type] = shapeOf(await eventOf(id, type));
    shapes.push(found);
  }
  const [theirs, ours] = shapes;
  expect(ours).toEqual(theirs);
}

describe("beside Python", () => {
  test("the events of a task that succeeds", async () => {
    await compare("ev.add", { args: [2, 3] }, ["task-received", "task-started", "task-succeeded"]);
  });

  test("of one with a parent, times and another name", async () => {
    const send = { args: [2, 3], eta: new Date(), expires: 600, shadow: "other", parentId: "p", rootId: "r" };
    await compare("ev.add", send, ["task-received"]);
    const shadowed = events.filter(({ type, name }) => type === "task-received" && name === "other");
    expect(new Set(shadowed.map(({ hostname }) => hostname))).toEqual(
      new Set([python.name, worker.hostname]),
    );
  });

  test("of one that fails", async () => {
    await compare("ev.fail", {}, ["task-received", "task-started", "task-failed"]);
    const failed = events.filter(({ type }) => type === "task-failed").map(({ exception }) => exception);
    expect(failed).toEqual(["ValueError('too far')", "RangeError('too far')"]);
  });

  test("of one that retries", async () => {
    await compare("ev.retry", {}, ["task-retried", "task-succeeded"]);
  });

  test("of one that rejects its message", async () => {
    await compare("ev.reject", { args: [false] }, ["task-failed", "task-rejected"]);
  });

  test("of one that gives its message back", async () => {
    await compare("ev.reject", { args: [true] }, ["task-rejected", "task-succeeded"]);
  });

  test("of one that expired", async () => {
    await compare("ev.add", { args: [2, 3], countdown: 1.5, expires: 0.5 }, ["task-revoked"]);
  });

  test("of one that was revoked", async () => {
    await compare("ev.add", { args: [2, 3], countdown: 2 }, ["task-revoked"], async (id) => {
      await eventOf(id, "task-received");
      await broadcast(app, "revoke", { arguments: { task_id: id } });
    });
  });

  test("of one that was terminated", async () => {
    await compare("py.sleep", { args: [600] }, ["task-revoked"], async (id) => {
      await eventOf(id, "task-started");
      await broadcast(app, "revoke", { arguments: { task_id: id, terminate: true, signal: "SIGTERM" } });
    });
  });

  test("of one that nobody knows", async () => {
    await compare("ev.unknown", {}, ["task-failed"]);
    const unknown = events.filter(({ exception }) => exception === "NotRegistered('ev.unknown')");
    expect(unknown).toHaveLength(2);
  });

  test("of the workers themselves", async () => {
    const find = (hostname: string, freq: number): ClusterEvent | undefined =>
      events.find(
        (one) => one.type === "worker-heartbeat" && one.hostname === hostname && one["freq"] === freq,
      );
    const compareBeats = async (freq: number): Promise<void> => {
      await expect.poll(() => find(python.name, freq), POLL).toBeDefined();
      await expect.poll(() => find(worker.hostname, freq), POLL).toBeDefined();
      const [theirs, ours] = [find(python.name, freq), find(worker.hostname, freq)];
      expect(shapeOf(ours as ClusterEvent)).toEqual(shapeOf(theirs as ClusterEvent));
    };
    await compareBeats(2);
    await broadcast(app, "heartbeat");
    await compareBeats(5);
  });

  test("of those who send", async () => {
    const client = startPythonClient({ version: "latest", broker, conf: { task_send_sent_event: true } });
    const theirs = await client.send("ev.add", [2, 3], {}, { queue: "py" });
    const { id: ours } = await app.sendTask("ev.add", { args: [2, 3], queue: "py" });
    expect(shapeOf(await eventOf(ours, "task-sent"))).toEqual(shapeOf(await eventOf(theirs, "task-sent")));
  });
});

test("tasks that want no events have none", async () => {
  const quiet = await app.sendTask("ev.quiet", { queue: "ts" });
  const ignored = await app.sendTask("ev.ignore", { queue: "ts" });
  const { id } = await app.sendTask("ev.add", { args: [1, 2], queue: "ts" });
  await eventOf(id, "task-succeeded");
  const typesOf = (uuid: string): readonly string[] =>
    events.filter((one) => one["uuid"] === uuid).map(({ type }) => type);
  expect(typesOf(quiet.id)).toEqual(["task-sent"]);
  expect(typesOf(ignored.id).filter((type) => type !== "task-sent")).toEqual([
    "task-received",
    "task-started",
  ]);
});

test("the broker drops the message of a failed task where the settings say so, which is told", async () => {
  const other = await startWorker("drop", false);
  onTestFinished(() => other.stop());
  const { id } = await app.sendTask("ev.fail", { queue: "drop" });
  await eventOf(id, "task-failed");
  expect(await eventOf(id, "task-rejected")).toMatchObject({ requeue: false });
});

test("a cold shutdown cancels what runs", async () => {
  const other = await startWorker("cold");
  const { id } = await app.sendTask("py.sleep", { args: [600], queue: "cold" });
  await eventOf(id, "task-started");
  await other.stop(AbortSignal.abort());
  const { uuid, ...rest } = await eventOf(id, "task-cancelled");
  const common = ["clock", "hostname", "local_received", "pid", "timestamp", "type", "utcoffset"];
  expect([uuid, Object.keys(rest).sort()]).toEqual([id, common]);
});

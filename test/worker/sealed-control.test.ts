/** Sealed remote control: commands that count, and those that do not. */
import { randomUUID } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { type App, createApp, broadcast as remoteCommand } from "../../app/index.ts";
import type { WireMessage } from "../../protocol/index.ts";
import { readSeal } from "../../signing/index.ts";
import type { Worker } from "../../worker/index.ts";
import { redisUrl } from "../helpers/services.ts";
import { takeMessages, testWorker } from "../helpers/worker.ts";
import { put, sealedApp, sealedMessage, sealedSettings } from "./sealed-fleet.ts";

const CONTROL = "celery.pidbox";
const REPLY = "reply.celery.pidbox";

/** A command as kombu's pidbox sends it; its answer goes to a queue of its own. */
function command(
  method: string,
  args: object = {},
): { readonly message: WireMessage; readonly replies: string } {
  const replies = `${randomUUID()}.reply.celery.pidbox`;
  const body = {
    method,
    arguments: args,
    destination: null,
    pattern: null,
    matcher: null,
    ticket: randomUUID(),
    reply_to: { exchange: "reply.celery.pidbox", routing_key: replies },
  };
  const message: WireMessage = {
    body: Buffer.from(JSON.stringify(body)),
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers: { clock: 1, expires: Date.now() / 1000 + 5 },
    properties: { deliveryMode: 2, priority: 0 },
  };
  return { message, replies };
}

async function broadcast(app: App, message: WireMessage): Promise<void> {
  await (await app.connection()).publish(message, {
    exchange: "celery.pidbox",
    routingKey: "",
    optional: true,
  });
}

/** Sends a command and then a good ping, whose answers show that the command was dealt with before. */
async function revokes(
  app: App,
  worker: Worker,
  change: (message: WireMessage) => WireMessage,
): Promise<boolean> {
  const id = randomUUID();
  const connection = await app.connection();
  await connection.declareExchange({ name: "celery.pidbox", type: "fanout", durable: false });
  await broadcast(app, change(command("revoke", { task_id: id }).message));
  const { message, replies } = command("ping");
  await connection.declareQueue({
    name: replies,
    exchange: { name: "reply.celery.pidbox", type: "direct", durable: false },
  });
  await broadcast(app, app.sealing.sealControl(message, CONTROL));
  const [reply] = await takeMessages(app, replies, 1);
  expect(JSON.parse(Buffer.from(reply?.message?.body ?? "").toString())).toEqual({
    [worker.hostname]: { ok: "pong" },
  });
  const { claims } = readSeal(reply?.message?.headers["celerity-seal"]);
  expect(claims.queue).toBe(REPLY);
  return worker.revoked.has(id);
}

const good =
  (app: App) =>
  (message: WireMessage): WireMessage =>
    app.sealing.sealControl(message, CONTROL);
const unsealed = (message: WireMessage): WireMessage => message;

describe("with require", () => {
  test("a sealed command runs on every worker, and its replies are sealed", async () => {
    const app = sealedApp();
    const [one, other] = [await testWorker(app), await testWorker(app)];
    const id = randomUUID();
    await (await app.connection()).declareExchange({ name: "celery.pidbox", type: "fanout", durable: false });
    await broadcast(app, good(app)(command("revoke", { task_id: id }).message));
    await expect.poll(() => one.revoked.has(id) && other.revoked.has(id), { timeout: 10_000 }).toBe(true);
  });

  test("an unsealed one does not", async () => {
    const app = sealedApp();
    const worker = await testWorker(app);
    expect(await revokes(app, worker, unsealed)).toBe(false);
    expect(await revokes(app, worker, good(app))).toBe(true);
  });

  test.each<[what: string, change: (app: App, message: WireMessage) => WireMessage]>([
    [
      "with another body",
      (app, message) => ({ ...good(app)(message), body: Buffer.from(`${Buffer.from(message.body)} `) }),
    ],
    ["sealed for a task queue", (app, message) => app.sealing.sealControl(message, "celery")],
    ["sealed as a reply", (app, message) => app.sealing.sealControl(message, REPLY)],
  ])("nor one %s", async (_what, change) => {
    const app = sealedApp();
    const worker = await testWorker(app);
    expect(await revokes(app, worker, (message) => change(app, message))).toBe(false);
  });

  test("the same command again is a replay for each worker", async () => {
    const codes: unknown[] = [];
    const app = createApp({
      ...sealedSettings,
      env: {},
      brokerUrl: `memory://${randomUUID()}`,
      onWarning: (_message, error) => void codes.push((error as { readonly code?: string }).code),
    });
    onTestFinished(() => app.close());
    await Promise.all([testWorker(app), testWorker(app)]);
    await (await app.connection()).declareExchange({ name: CONTROL, type: "fanout", durable: false });
    const sent = good(app)(command("enable_events").message);
    await broadcast(app, sent);
    await broadcast(app, sent);
    await expect.poll(() => codes, { timeout: 10_000 }).toEqual(["replay", "replay"]);
  });

  test("a sealed command is no task", async () => {
    const app = sealedApp();
    await testWorker(app);
    await put(app, good(app)(command("ping").message));
    const [letter] = await takeMessages(app, "celery.dead", 1);
    expect(letter?.message?.headers["x-celerity-reason"]).toBe("wrong_audience");
  });

  test("a sealed task is no command", async () => {
    const app = sealedApp();
    const worker = await testWorker(app);
    const task = await sealedMessage(app, "t", { exchange: "somewhere", routingKey: "x" });
    expect(await revokes(app, worker, () => task)).toBe(false);
  });
});

test("an election sends no task where seals are required, because its events have none", async () => {
  const warnings: string[] = [];
  const app = createApp({
    ...sealedSettings,
    env: {},
    brokerUrl: await redisUrl(),
    onWarning: (message) => void warnings.push(message),
  });
  onTestFinished(() => app.close());
  app.task("t", () => undefined);
  const worker = await testWorker(app);
  const action = { task: "t", args: [], kwargs: {}, options: {}, subtask_type: null, immutable: false };
  await remoteCommand(app, "election", { arguments: { id: randomUUID(), topic: "task", action } });
  await expect.poll(() => warnings.join("\n"), { timeout: 20_000 }).toContain("election was not sent");
  expect(worker.processed).toBe(0);
});

describe("where commands need no seal", () => {
  test.each([
    ["messageSealControl is false", { messageSealControl: false }],
    ["messageSealing is accept-legacy", { messageSealing: "accept-legacy" }],
  ] as const)("because %s, an unsealed one runs and a bad seal does not", async (_why, settings) => {
    const app = sealedApp(settings);
    const worker = await testWorker(app);
    expect(await revokes(app, worker, unsealed)).toBe(true);
    expect(await revokes(app, worker, (message) => app.sealing.sealControl(message, "celery"))).toBe(false);
  });
});

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { BackendOptions, ResultBackend } from "../../backends/result-backend.ts";
import { createRpcBackend } from "../../backends/rpc.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { backendOptions, resultDocument, testResultBackend } from "../../testing/result-backend.ts";
import { readDeliveries, textMessage } from "../../testing/transport.ts";
import { createReconnectingConnection } from "../../transports/reconnecting.ts";
import type { Connection } from "../../transports/transport.ts";
import { amqpUrl, freePorts, rabbitApi, startRabbit } from "../helpers/services.ts";
import { amqpTransport, connectAmqp } from "../transports/amqp-connection.ts";

let url: string;

beforeAll(async () => {
  url = await amqpUrl();
});

async function backend(
  changes: Partial<BackendOptions> = {},
  connection?: Connection,
): Promise<ResultBackend> {
  const used = connection ?? (await connectAmqp(url));
  const made = createRpcBackend(backendOptions("rpc://", changes), async () => used);
  cleanUp(() => made.close());
  return made;
}

async function client(
  changes: Partial<BackendOptions> = {},
): Promise<ResultBackend & { readonly replyTo: string }> {
  const made = await backend(changes);
  await made.prepare?.();
  return made as ResultBackend & { readonly replyTo: string };
}

testResultBackend("rpc", async () => {
  const receiver = await client();
  const connection = await connectAmqp(url);
  return {
    client: receiver,
    worker: await backend(),
    spoil: async (taskId) => {
      await receiver.wait(taskId);
      await receiver.forget([taskId]);
      const message = { ...textMessage("{", { correlationId: taskId }), contentType: "application/json" };
      await connection.publish(message, { exchange: "", routingKey: receiver.replyTo });
      // Replies come in order, so this one tells that the one before has come.
      const mark = resultDocument(randomUUID(), "SUCCESS", null);
      await receiver.wait(await send(connection, receiver.replyTo, mark));
    },
  };
});

async function send(
  connection: Connection,
  replyTo: string,
  document: { readonly task_id: string },
): Promise<string> {
  const message = {
    ...textMessage(JSON.stringify(document), { correlationId: document.task_id }),
    contentType: "application/json",
  };
  await connection.publish(message, { exchange: "", routingKey: replyTo });
  return document.task_id;
}

describe("a reply", () => {
  test("is the message that Celery sends", async () => {
    const connection = await connectAmqp(url);
    const queue = { name: `reply-${randomUUID()}` };
    await connection.declareQueue(queue);
    const worker = await backend();
    const document = resultDocument(randomUUID(), "SUCCESS", { x: [1, "two", null] });
    await worker.store([{ document, replyTo: queue.name, correlationId: "c0ffee" }]);
    const [delivery] = await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
    expect(delivery?.message).toEqual({
      body: Buffer.from(JSON.stringify(document)),
      contentType: "application/json",
      contentEncoding: "utf-8",
      headers: {},
      properties: { deliveryMode: 1, priority: 0, correlationId: "c0ffee" },
    });
    expect(delivery).toMatchObject({ exchange: "", routingKey: queue.name });
  });

  test("is kept through a restart of the broker when results are persistent", async () => {
    const connection = await connectAmqp(url);
    const queue = { name: `reply-${randomUUID()}` };
    await connection.declareQueue(queue);
    const worker = await backend({ transportOptions: { persistent: true } });
    await worker.store([{ document: resultDocument("t", "SUCCESS", 1), replyTo: queue.name }]);
    const [delivery] = await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
    expect(delivery?.message?.properties).toMatchObject({ deliveryMode: 2, correlationId: "t" });
  });

  test("to a process that is gone, or to nobody, is dropped", async () => {
    const document = resultDocument(randomUUID(), "SUCCESS", 1);
    const entries = [{ document, replyTo: `gone-${randomUUID()}` }, { document }, { document, replyTo: "" }];
    await (await backend()).store(entries);
  });

  test("of a type that is not read here is refused, not read", async () => {
    const receiver = await client();
    const connection = await connectAmqp(url);
    const id = randomUUID();
    const waiting = receiver.wait(id);
    const message = {
      ...textMessage("x", { correlationId: id }),
      contentType: "application/x-python-serialize",
    };
    const refused = expect(waiting).rejects.toMatchObject({ code: "content_refused" });
    await connection.publish(message, { exchange: "", routingKey: receiver.replyTo });
    await refused;
    await expect(receiver.get(id)).rejects.toMatchObject({ code: "content_refused" });
  });

  test("that names no task is a warning", async () => {
    const warned = vi.fn();
    const receiver = await client({ onWarning: warned });
    const connection = await connectAmqp(url);
    const route = { exchange: "", routingKey: receiver.replyTo };
    await connection.publish({ ...textMessage("{"), contentType: "application/json" }, route);
    const id = await send(connection, receiver.replyTo, resultDocument("t", "SUCCESS", 1));
    expect(await receiver.wait(id)).toMatchObject({ result: 1 });
    expect(warned).toHaveBeenCalledOnce();
  });

  test("that is older than it looks changes nothing", async () => {
    const receiver = await client();
    const connection = await connectAmqp(url);
    const failure = { exc_type: "E", exc_message: [], exc_module: "m" };
    await send(connection, receiver.replyTo, resultDocument("t", "FAILURE", failure));
    await send(connection, receiver.replyTo, resultDocument("t", "STARTED", null));
    await receiver.wait(await send(connection, receiver.replyTo, resultDocument("mark", "SUCCESS", 1)));
    expect(await receiver.get("t")).toMatchObject({ status: "FAILURE" });
  });
});

describe("the queue", () => {
  test("is the one that Celery declares, made before the first task", async () => {
    const receiver = await client({ expiresSeconds: 3600 });
    await receiver.prepare?.();
    const vhost = new URL(url).pathname.slice(1);
    expect(await rabbitApi(url, "GET", `queues/${vhost}/${receiver.replyTo}`)).toMatchObject({
      durable: true,
      auto_delete: true,
      exclusive: false,
      arguments: { "x-expires": 3_600_000 },
    });
    expect(receiver.shared).toBe(false);
  });

  test("never expires with result_expires 0, and goes with its process", async () => {
    const connection = await connectAmqp(url);
    const receiver = await client({ expiresSeconds: 0 });
    const vhost = new URL(url).pathname.slice(1);
    const path = `queues/${vhost}/${receiver.replyTo}`;
    expect(await rabbitApi(url, "GET", path)).toMatchObject({ arguments: {} });
    // Known to be consumed from before it is closed.
    await receiver.wait(await send(connection, receiver.replyTo, resultDocument("t", "SUCCESS", 1)));
    await receiver.close();
    await expect(rabbitApi(url, "GET", path)).rejects.toThrow("404");
  });

  test("is made by whoever waits, too", async () => {
    const receiver = await backend();
    const connection = await connectAmqp(url);
    const waiting = receiver.wait("t");
    await receiver.prepare?.();
    await send(connection, receiver.replyTo ?? "", resultDocument("t", "SUCCESS", 1));
    expect(await waiting).toMatchObject({ result: 1 });
  });
});

describe("memory", () => {
  test("holds so many results that nobody asked for, the newest", async () => {
    const receiver = await client({ transportOptions: { maxResults: 3 } });
    const connection = await connectAmqp(url);
    for (const id of ["a", "b", "c", "d"])
      await send(connection, receiver.replyTo, resultDocument(id, "SUCCESS", id));
    await receiver.wait("d");
    expect(await receiver.get("a")).toBeUndefined();
    expect(await receiver.get("b")).toMatchObject({ result: "b" });
  });

  test("lets results go when they expire", async () => {
    const receiver = await client({ expiresSeconds: 0.2 });
    const connection = await connectAmqp(url);
    await receiver.wait(await send(connection, receiver.replyTo, resultDocument("t", "SUCCESS", 1)));
    while ((await receiver.get("t")) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await receiver.cleanup()).toBe(1);
    expect(await receiver.cleanup()).toBe(0);
  });
});

test("a broker that comes back finds both sides again", async () => {
  const rabbit = await startRabbit();
  const open = (): Connection => {
    const options = {
      strategy: "round-robin",
      connectTimeoutMs: 5000,
      deadlineMs: 5000,
      maxRetries: null,
    } as const;
    const transports = [amqpTransport(rabbit.url)];
    const connection = createReconnectingConnection({ ...options, transports, onWarning: () => undefined });
    cleanUp(() => connection.close());
    return connection;
  };
  const receiver = await backend({}, open());
  const worker = await backend({}, open());
  await receiver.prepare?.();
  const entry = (id: string): { document: ReturnType<typeof resultDocument>; replyTo: string } => ({
    document: resultDocument(id, "SUCCESS", id),
    replyTo: receiver.replyTo ?? "",
  });
  await worker.store([entry("before")]);
  await receiver.wait("before");
  const waiting = receiver.wait("after");
  await rabbit.kill();
  const storing = worker.store([entry("lost in between")]);
  await rabbit.restart();
  await storing;
  // The receiver's queue is back once it has consumed from it again; until then replies have nowhere to go.
  const [, document] = await Promise.all([
    vi.waitFor(async () => {
      await worker.store([entry("after")]);
      expect(await receiver.get("after")).toBeDefined();
    }, 20_000),
    waiting,
  ]);
  expect(document).toMatchObject({ result: "after" });
}, 90_000);

describe("storing", () => {
  const entries = [{ document: resultDocument("t", "SUCCESS", 1), replyTo: "q" }];

  test("fails when the broker stays away for longer than the budget", async () => {
    const port = await freePorts(1);
    const transport = amqpTransport(`amqp://127.0.0.1:${port}`);
    const options = backendOptions("rpc://", { transportOptions: { storeBudgetMs: 600 } });
    const worker = createRpcBackend(options, () => transport.connect({ timeoutMs: 500 }));
    await expect(worker.store(entries)).rejects.toMatchObject({
      code: "backend_unavailable",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  test("fails at once when the connection was closed here, or a result cannot be encoded", async () => {
    const connection = await connectAmqp(url);
    const encode = (): never => {
      throw new TypeError("cannot be encoded");
    };
    const encoding = { ...backendOptions("rpc://").encoding, encode };
    await expect((await backend({ encoding })).store(entries)).rejects.toThrow("cannot be encoded");
    const worker = await backend({}, connection);
    await connection.close();
    await expect(worker.store(entries)).rejects.toMatchObject({ code: "closed" });
  });
});

import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { BrokerError, type WireMessage } from "../../protocol/index.ts";
import createMemoryTransport from "../../transports/memory.ts";
import { createReconnectingConnection, type ReconnectingOptions } from "../../transports/reconnecting.ts";
import type { Connection, Delivery, Transport } from "../../transports/transport.ts";

const message: WireMessage = {
  body: Buffer.from("x"),
  contentType: "text/plain",
  contentEncoding: "utf-8",
  headers: {},
  properties: { deliveryMode: 2, priority: 0 },
};

/** A memory broker whose connections can be cut, and whose door can be shut. */
function cuttable() {
  const memory = createMemoryTransport({
    url: `memory://${randomUUID()}`,
    transportOptions: {},
    onWarning: () => undefined,
  });
  const cuts: ((error: Error) => void)[] = [];
  const state = { open: true, tries: 0, declared: [] as string[], refused: [] as string[] };
  const transport: Transport = {
    ...memory,
    async connect(options) {
      state.tries += 1;
      if (!state.open) throw new BrokerError("broker_unavailable", "the door is shut");
      const inner = await memory.connect(options);
      const cut = new Promise<Error>((resolve) => cuts.push(resolve));
      const wrapped: Connection = Object.assign(Object.create(inner) as Connection, {
        ended: Promise.race([inner.ended, cut]),
        declareQueue: async (queue: { name: string }) => {
          state.declared.push(queue.name);
          if (state.refused.includes(queue.name)) throw new BrokerError("broker_refused", "locked");
          return inner.declareQueue(queue);
        },
      });
      for (const name of ["publish", "consume", "declareExchange", "queueSize", "close"] as const) {
        Object.assign(wrapped, { [name]: (inner[name] as (...args: unknown[]) => unknown).bind(inner) });
      }
      return wrapped;
    },
  };
  return { transport, state, cut: () => cuts.at(-1)?.(new BrokerError("broker_unavailable", "cut")) };
}

function connect(transports: readonly Transport[], options: Partial<ReconnectingOptions> = {}) {
  const connection = createReconnectingConnection({
    transports,
    strategy: "round-robin",
    connectTimeoutMs: 1000,
    deadlineMs: 2000,
    maxRetries: null,
    onWarning: () => undefined,
    ...options,
  });
  onTestFinished(() => connection.close());
  return connection;
}

describe("createReconnectingConnection", () => {
  it("declares and consumes again after the connection was cut", async () => {
    const broker = cuttable();
    let lives = 0;
    const connection = connect([broker.transport], { onConnected: (life) => (lives = life) });
    await connection.declareQueue({ name: "q" });
    const consumer = connection.consume([{ name: "q" }], { prefetch: 10 });
    const got: Delivery[] = [];
    const reading = (async () => {
      for await (const batch of consumer) {
        got.push(...batch);
        for (const delivery of batch) delivery.ack();
      }
    })();
    await connection.publish(message, { exchange: "", routingKey: "q" });
    await expect.poll(() => got.length).toBe(1);
    broker.cut();
    await expect.poll(() => lives).toBe(2);
    await connection.publish(message, { exchange: "", routingKey: "q" });
    await expect.poll(() => got.length).toBe(2);
    expect(broker.state.declared).toEqual(["q", "q"]);
    await connection.close();
    await reading;
  });

  it("goes on without a queue that is refused after a cut, and tries again for who consumes it", async () => {
    const broker = cuttable();
    const connection = connect([broker.transport]);
    await connection.declareQueue({ name: "locked" });
    await connection.declareQueue({ name: "q" });
    const consumer = connection.consume([{ name: "locked" }], { prefetch: 10 });
    const first = consumer[Symbol.asyncIterator]().next();
    broker.state.refused.push("locked");
    broker.cut();
    await expect.poll(() => broker.state.declared).toEqual(["locked", "q", "locked", "q"]);
    await connection.publish(message, { exchange: "", routingKey: "q" });
    expect(await connection.queueSize("q")).toBe(1);
    broker.state.refused.pop();
    await connection.publish(message, { exchange: "", routingKey: "locked" });
    expect((await first).value).toHaveLength(1);
  });

  it("fails over to the next broker", async () => {
    const shut = cuttable();
    shut.state.open = false;
    const open = cuttable();
    const connection = connect([shut.transport, open.transport]);
    await connection.declareQueue({ name: "q" });
    expect([shut.state.tries, open.state.tries]).toEqual([1, 1]);
  });

  it("rejects a publish when the broker stays away past the deadline, and names the reason", async () => {
    const broker = cuttable();
    broker.state.open = false;
    const connection = connect([broker.transport], { deadlineMs: 50 });
    await expect(connection.publish(message, { exchange: "", routingKey: "q" })).rejects.toMatchObject({
      code: "broker_unavailable",
      message: "The broker cannot be reached: the door is shut",
    });
  });

  it("untilConnected() waits past every deadline", async () => {
    const broker = cuttable();
    broker.state.open = false;
    const connection = connect([broker.transport], { deadlineMs: 1 });
    const connected = connection.untilConnected();
    await expect.poll(() => broker.state.tries).toBeGreaterThan(2);
    broker.state.open = true;
    await connected;
    expect(connection.connected).toBe(true);
  });

  it("ends with the error after maxRetries", async () => {
    const broker = cuttable();
    broker.state.open = false;
    const connection = connect([broker.transport], { maxRetries: 1 });
    const consumer = connection.consume([{ name: "q" }], { prefetch: 1 });
    const reading = (async () => {
      for await (const _batch of consumer);
    })();
    await expect(reading).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(await connection.ended).toMatchObject({ code: "broker_unavailable" });
    await expect(connection.untilConnected()).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(broker.state.tries).toBe(2);
  });

  it("closes twice, and while it cannot connect", async () => {
    const broker = cuttable();
    broker.state.open = false;
    const connection = connect([broker.transport]);
    await connection.close();
    await connection.close();
    await expect(connection.queueSize("q")).rejects.toMatchObject({ code: "closed" });
  });

  it("closes while a connection is on its way, and that connection with it", async () => {
    const { transport } = cuttable();
    let arrive = (): void => undefined;
    const arriving = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    let ended: Promise<Error | undefined> | undefined;
    const slow: Transport = {
      ...transport,
      async connect(options) {
        await arriving;
        const life = await transport.connect(options);
        ended = life.ended;
        return life;
      },
    };
    const connection = connect([slow]);
    const closed = connection.close();
    arrive();
    await closed;
    expect(await ended).toBeUndefined();
  });
});

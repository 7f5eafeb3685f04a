import { describe, expect, test } from "vitest";
import { cleanUp } from "../../testing/clean-up.ts";
import { entries, tags, takeOne } from "../../testing/queue-store.ts";
import { pythonVersions, startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { type RedisPlace, redisPlace } from "./redis-place.ts";

/** Sweeps every second, where kombu can: 5.2 does when it starts, and then every 100 s. */
const SWEEPING = {
  broker_transport_options: {
    visibility_timeout: 2,
    unacked_restore_interval: 1,
    unacked_restore_throttle: 1,
  },
};

/** Resolves when kombu has looked for overdue messages so many times. */
async function sweepsOf(place: RedisPlace, times: number): Promise<void> {
  const monitor = await place.admin.monitor();
  cleanUp(async () => monitor.disconnect());
  await new Promise<void>((resolve) => {
    let seen = 0;
    monitor.on("monitor", (_time: string, args: readonly string[]) => {
      const [command = "", key] = args;
      if (/^(?:zrange|zrevrangebyscore)$/i.test(command) && key === "unacked_index") seen += 1;
      if (seen === times) resolve();
    });
  });
  monitor.disconnect();
}

describe.each(pythonVersions())("beside Python Celery %s", (version) => {
  test("what a dead process of ours held is restored by Python, and a bad message stops nothing", async () => {
    const place = await redisPlace();
    const app = { version, broker: place.url, backend: place.url, conf: SWEEPING };
    const python = startPythonClient(app);
    const id = await python.send("examples.add", [2, 3]);
    const owner = place.process({ visibilityTimeout: 1 });
    const store = await owner.open();
    await store.put([{ queue: "celery", payload: "not json", priority: 0 }]);
    expect(await store.take(["celery"], 10)).toHaveLength(2);
    await place.abandon(store);
    const overdue = async (): Promise<boolean> => {
      const [, newest = ""] = await place.admin.zrevrange("unacked_index", 0, 0, "WITHSCORES");
      return Number((await place.admin.time())[0]) - Number(newest) > 2;
    };
    await expect.poll(overdue, { timeout: 10_000 }).toBe(true);
    const worker = await startPythonWorker(app);
    expect(await python.get(id)).toBe(5);
    expect(await python.get(await python.send("examples.add", [3, 4]))).toBe(7);
    expect(worker.output()).toContain("Could not restore message: 'not json'");
    await expect.poll(() => place.admin.exists("unacked", "unacked_index", "celery")).toBe(0);
  });

  test("what a dead Python worker held is restored by us", async () => {
    const place = await redisPlace();
    const app = { version, broker: place.url, conf: { task_acks_late: true } };
    const python = startPythonClient(app);
    const worker = await startPythonWorker(app);
    const id = await python.send("examples.slow", [600], {}, { priority: 5 });
    await worker.waitForOutput(/received/);
    await worker.kill9();
    expect(await place.admin.hlen("unacked")).toBe(1);
    const store = await place.process({ visibilityTimeout: 1 }).open();
    const message = await takeOne(store, ["celery"]);
    expect(message.previousDeliveries).toBe(1);
    const { headers, properties } = JSON.parse(message.payload);
    expect(headers).toMatchObject({ id, redelivered: true });
    expect(properties).toMatchObject({
      priority: 5,
      delivery_info: { redelivered: true, routing_key: "celery" },
    });
    await store.settle([message.tag], []);
    expect(await place.admin.exists("unacked", "unacked_index")).toBe(0);
  });

  test.skipIf(version === "5.2")("what we hold is left to us, however long", async () => {
    const place = await redisPlace();
    const app = { version, broker: place.url, backend: place.url, conf: SWEEPING };
    const python = startPythonClient(app);
    const id = await python.send("examples.add", [2, 3]);
    const store = await place.process({ visibilityTimeout: 2 }).open();
    const held = await store.take(["celery"], 1);
    expect(held).toHaveLength(1);
    await startPythonWorker(app);
    await sweepsOf(place, 6);
    expect(await place.admin.hkeys("unacked")).toEqual(tags(held));
    expect(await python.state(id)).toBe("PENDING");
    await store.release(tags(held));
    expect(await python.get(id)).toBe(5);
  });

  test("kombu reads our priorities and bindings", async () => {
    const place = await redisPlace();
    const python = startPythonClient({ version, broker: place.url });
    const store = await place.open();
    await store.put(
      [9, 5, 0].flatMap((priority) =>
        entries("q", String(priority)).map((entry) => ({ ...entry, priority })),
      ),
    );
    await store.bind({
      exchange: "media",
      routingKey: "video.*",
      pattern: "^video\\.[^\\.]+$",
      queue: "videos",
    });
    const channel = "app.connection_for_write().default_channel";
    expect(await python.evaluate(`${channel}._size("q")`)).toBe(3);
    expect(await python.evaluate(`[${channel}._get("q")["body"] for _ in range(3)]`)).toEqual([
      "0",
      "5",
      "9",
    ]);
    expect(await python.evaluate(`${channel}.get_table("media")`)).toEqual([
      ["video.*", "^video\\.[^\\.]+$", "videos"],
    ]);
  });
});

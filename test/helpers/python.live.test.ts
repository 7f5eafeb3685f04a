import { describe, expect, test } from "vitest";
import { python, pythonVersions, startPythonClient, startPythonWorker } from "./python.ts";
import { amqpUrl, redisUrl } from "./services.ts";

describe.each(pythonVersions())("Python Celery %s", (version) => {
  test("runs a snippet", async () => {
    const code = "import json, sys, celery; print(json.dumps([json.load(sys.stdin), celery.__version__]))";
    const answer = await python({ version, code, input: { n: 1 } });
    expect(answer).toEqual([{ n: 1 }, expect.stringMatching(version === "latest" ? /^5\.7\./ : /^5\.2\./)]);
    await expect(python({ version, code: "1 / 0" })).rejects.toThrow("ZeroDivisionError");
  });

  test("works over Redis", async () => {
    const url = await redisUrl();
    const app = { version, broker: url, backend: url } as const;
    const worker = await startPythonWorker(app);
    const client = startPythonClient(app);
    const call = async (task: string, args?: unknown[], kwargs?: Record<string, unknown>): Promise<unknown> =>
      client.get(await client.send(task, args, kwargs));

    expect(await call("examples.add", [2, 3])).toBe(5);
    expect(await call("examples.slow", [0.01])).toBe("waited 0.01 s");
    await expect(call("examples.fail", ["no"])).rejects.toMatchObject({
      type: "ValueError",
      module: "builtins",
    });
    expect(await call("py.echo", [1, "two"], { three: [3] })).toEqual([[1, "two"], { three: [3] }]);
    await expect(call("py.fail", ["KeyError", "x"])).rejects.toMatchObject({
      type: "KeyError",
      message: "'x'",
    });
    await expect(call("py.fail", ["CustomError", "x"])).rejects.toMatchObject({ module: "tasks_app" });
    expect(await call("py.retry", [2])).toBe(2);
    const meta = await client.send("py.meta", [], {}, { headers: { custom: "yes" } });
    expect(await client.get(meta)).toMatchObject({
      id: meta,
      root_id: meta,
      parent_id: null,
      retries: 0,
      delivery_info: { routing_key: "celery" },
    });
    expect(await call("py.types", [[1, 2.5], { a: null }], { flag: true })).toEqual([
      [
        ["list", ["int", "float"]],
        ["dict", { "str a": "NoneType" }],
      ],
      { flag: "bool" },
    ]);
    expect(await client.inspect("ping")).toEqual({ [worker.name]: { ok: "pong" } });

    const chord = await client.evaluate(
      "chord([app.signature('examples.add', (i, i)) for i in range(3)])(app.signature('py.echo'))",
    );
    expect(await client.get(String(chord))).toEqual([[[0, 2, 4]], {}]);
    await worker.stop();
    const unread = await client.send("examples.add", [1, 1]);
    expect(await client.state(unread)).toBe("PENDING");
    await expect(client.get(unread, 0.1)).rejects.toMatchObject({ type: "TimeoutError" });
  });

  test("works over RabbitMQ with other codecs", async () => {
    const broker = await amqpUrl();
    const app = { version, broker, backend: "rpc://", serializer: "msgpack", compression: "gzip" } as const;
    await startPythonWorker(app);
    const client = startPythonClient(app);
    const id = await client.evaluate("app.send_task('py.types', [b'bytes', 2**40])");
    expect(await client.get(String(id))).toEqual([["bytes", "int"], {}]);
    const worker = await startPythonWorker({ ...app, args: ["-Q", "other"] });
    await worker.kill9();
    expect(worker.output()).toContain(worker.name);
  });
});

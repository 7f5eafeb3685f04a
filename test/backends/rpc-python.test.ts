/** Results between Celerity and real Python Celery over `rpc://`, in both directions. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { createRpcBackend } from "../../backends/rpc.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { backendOptions, resultDocument } from "../../testing/result-backend.ts";
import { readDeliveries, textMessage } from "../../testing/transport.ts";
import { pythonVersions, startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { amqpUrl } from "../helpers/services.ts";
import { connectAmqp } from "../transports/amqp-connection.ts";

let url: string;

beforeAll(async () => {
  url = await amqpUrl();
});

async function rpcBackend(): Promise<ReturnType<typeof createRpcBackend>> {
  const connection = await connectAmqp(url);
  const backend = createRpcBackend(backendOptions("rpc://"), async () => connection);
  cleanUp(() => backend.close());
  return backend;
}

describe.each(pythonVersions())("with Python Celery %s", (version) => {
  test("Python reads our results", async () => {
    const connection = await connectAmqp(url);
    const python = startPythonClient({ version, broker: url, backend: "rpc://" });
    const [good, bad] = [
      await python.send("examples.add", [2, 3]),
      await python.send("examples.add", ["x", 3]),
    ];
    const tasks = await readDeliveries(connection.consume([{ name: "celery" }], { prefetch: 2 })).take(2);
    for (const task of tasks) task.ack();
    const addresses = new Map(
      tasks.map(({ message }) => [message?.headers["id"], message?.properties] as const),
    );
    const failure = { exc_type: "ValueError", exc_message: ["bad value", 42], exc_module: "builtins" };
    const documents = [
      resultDocument(good, "STARTED", { pid: 1, hostname: "w@h" }),
      resultDocument(good, "SUCCESS", { sum: 5 }),
      resultDocument(bad, "FAILURE", failure),
    ];
    const entries = documents.map((document) => {
      const properties = addresses.get(document.task_id);
      expect(properties?.correlationId).toBe(document.task_id);
      return { document, replyTo: properties?.replyTo ?? "", correlationId: properties?.correlationId ?? "" };
    });
    await (await rpcBackend()).store(entries);
    expect(await python.get(good)).toEqual({ sum: 5 });
    await expect(python.get(bad)).rejects.toMatchObject({ type: "ValueError", message: "('bad value', 42)" });
    expect(await python.state(good)).toBe("SUCCESS");
  });

  test("we read Python's results", async () => {
    const connection = await connectAmqp(url);
    const conf = { task_track_started: true };
    await startPythonWorker({
      version,
      broker: url,
      backend: "rpc://",
      conf,
      args: ["-Q", `rpc-${version}`],
    });
    const backend = await rpcBackend();
    await backend.prepare?.();
    const send = async (task: string, args: readonly unknown[]): Promise<string> => {
      const id = randomUUID();
      const body = Buffer.from(
        JSON.stringify([args, {}, { callbacks: null, errbacks: null, chain: null, chord: null }]),
      );
      const properties = { correlationId: id, replyTo: backend.replyTo ?? "" };
      const headers = {
        lang: "js",
        task,
        id,
        root_id: id,
        retries: 0,
        timelimit: [null, null],
        ignore_result: false,
      };
      const message = { ...textMessage("", properties), body, headers, contentType: "application/json" };
      await connection.publish(message, { exchange: "", routingKey: `rpc-${version}` });
      return id;
    };
    const seen: string[] = [];
    const added = await send("examples.add", [2, 3]);
    const document = await backend.wait(added, {
      timeoutMs: 20_000,
      onChange: ({ status }) => seen.push(status),
    });
    expect(document).toMatchObject({ task_id: added, status: "SUCCESS", result: 5, traceback: null });
    expect(seen.at(-1)).toBe("SUCCESS");
    expect(await backend.get(added)).toEqual(document);
    const failed = await send("examples.fail", ["no luck"]);
    expect(await backend.wait(failed, { timeoutMs: 20_000 })).toMatchObject({
      status: "FAILURE",
      result: { exc_type: "ValueError", exc_message: ["no luck"], exc_module: "builtins" },
      traceback: expect.stringContaining("ValueError"),
    });
  });
});

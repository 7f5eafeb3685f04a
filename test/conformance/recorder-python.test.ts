/** Real Python Celery, its newest release and Debian's, with the recorder as broker and result store. */
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Recorder, startRecorder } from "../../conformance/recorder/index.ts";
import {
  type PythonVersion,
  pythonVersions,
  startPythonClient,
  startPythonWorker,
} from "../helpers/python.ts";

async function recorder(): Promise<Recorder> {
  const server = await startRecorder();
  onTestFinished(() => server.close());
  return server;
}

async function pythonOn({ url }: Recorder, version: PythonVersion) {
  const places = { version, broker: `${url}/0`, backend: `${url}/1` };
  const worker = await startPythonWorker({ ...places, isSociable: version === "latest" });
  return { worker, client: startPythonClient(places) };
}

describe.each(pythonVersions())("Python Celery %s", (version) => {
  test("sends, works, stores results, counts a chord and answers control messages", async () => {
    const server = await recorder();
    const { worker, client } = await pythonOn(server, version);
    expect(await client.get(await client.send("examples.add", [2, 40]))).toBe(42);
    await expect(client.get(await client.send("py.fail", ["KeyError", "gone"]))).rejects.toMatchObject({
      type: "KeyError",
    });
    expect(await client.get(await client.send("py.retry", [2]))).toBe(2);
    const echo = (value: number): string => `signature("py.echo", [${value}], app=app)`;
    const header = [0, 1, 2].map(echo).join(", ");
    const chord = String(await client.evaluate(`chord([${header}])(signature("py.echo", app=app))`));
    expect(await client.get(chord)).toEqual([
      [
        [
          [[0], {}],
          [[1], {}],
          [[2], {}],
        ],
      ],
      {},
    ]);
    expect(await client.control("ping", [], { timeout: 5, limit: 1 })).toEqual([
      { [worker.name]: { ok: "pong" } },
    ]);
    expect(await client.inspect("registered", [], { timeout: 5, limit: 1 })).toHaveProperty([worker.name]);
    await worker.stop();
    // What redis-py asks for and an open-source Redis refuses.
    expect([...server.unknown.keys()].filter((name) => name !== "client|maint_notifications")).toEqual([]);
  });
});

test("what a killed worker of Python Celery held is delivered again", async () => {
  const server = await recorder();
  const version: PythonVersion = "latest";
  const conf = { broker_transport_options: { visibility_timeout: 1 }, task_acks_late: true };
  const places = { version, broker: `${server.url}/0`, backend: `${server.url}/1`, conf };
  const first = await startPythonWorker(places);
  const client = startPythonClient(places);
  const id = await client.send("examples.slow", [3]);
  await expect.poll(() => client.state(id), { timeout: 20_000 }).toBe("PROGRESS");
  await first.kill9();
  // A starting worker looks once for what is overdue; the next look comes after 100 s.
  const store = new Redis(places.broker);
  onTestFinished(() => store.disconnect());
  const overdue = () => store.zcount("unacked_index", 0, Date.now() / 1000 - 1);
  await expect.poll(overdue, { timeout: 20_000 }).toBe(1);
  await startPythonWorker(places);
  expect(await client.get(id, 40)).toBe("waited 3 s");
});

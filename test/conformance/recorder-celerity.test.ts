/** Celerity's own worker and producer with the recorder as broker and result store; and ioredis by hand. */
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { ask } from "../../app/index.ts";
import { chain, chord } from "../../canvas/index.ts";
import { type Recorder, startRecorder } from "../../conformance/recorder/index.ts";
import { signature } from "../../protocol/index.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const WAIT = { timeoutMs: 20_000 };

async function start(): Promise<Recorder> {
  const recorder = await startRecorder();
  onTestFinished(() => recorder.close());
  return recorder;
}

test("Celerity sends, works, waits, counts a chord, and answers control messages", async () => {
  const recorder = await start();
  const app = testApp({ brokerUrl: `${recorder.url}/2`, resultBackend: `${recorder.url}/3` });
  app.task("add", (x: number, y: number) => x + y);
  app.task("sum", (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0));
  app.task("again", { bind: true }, (self) => {
    if (self.request.retries < 2) throw self.retry({ countdown: 0 });
    return "done";
  });
  const worker = await testWorker(app, { hostname: `w@${randomUUID()}`, pool: "async" });
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, index) => app.sendTask("add", { args: [index, 1] })),
  );
  const values = await Promise.all(results.map((result) => result.get(WAIT)));
  expect(values).toEqual(results.map((_, index) => index + 1));
  expect(await (await app.sendTask("again")).get(WAIT)).toBe("done");
  const add = (x: number, y: number) => signature("add", [x, y]);
  const canvas = chain(
    chord([add(1, 2), add(3, 4), add(5, 6)], signature("sum", [])),
    signature("add", [100]),
  );
  expect(await (await app.apply(canvas)).get(WAIT)).toBe(121);
  const later = await app.sendTask("add", { args: [1, 2], countdown: 0.5 });
  expect(await later.get(WAIT)).toBe(3);
  const { hostname } = worker;
  const answers = await ask(app, "ping", { timeoutMs: 10_000, destination: [hostname] });
  expect(answers).toEqual({ [hostname]: { ok: "pong" } });
  await worker.stop();
  expect([...recorder.unknown]).toEqual([]);
});

test("ioredis pipelines, iterates, scripts and listens", async () => {
  const { port } = await start();
  const open = (options: object = {}): Redis => {
    const client = new Redis({ port, ...options });
    onTestFinished(() => client.disconnect());
    return client;
  };
  const client = open({ db: 4, connectionName: "probe" });
  const pipeline = client.pipeline();
  for (let index = 0; index < 500; index += 1) pipeline.set(`key:${index}`, index).rpush("list", index);
  expect(await pipeline.exec()).toHaveLength(1000);
  const keys: string[] = [];
  for await (const part of client.scanStream({ match: "key:1*" })) keys.push(...part);
  expect(keys).toHaveLength(111);
  client.defineCommand("twice", { numberOfKeys: 1, lua: "return redis.call('GET', KEYS[1]) * 2" });
  const scripted = client as Redis & { twice(key: string): Promise<number> };
  expect([await scripted.twice("key:21"), await scripted.twice("key:4")]).toEqual([42, 8]);
  const listener = open();
  const heard = new Promise((resolve) => listener.on("pmessage", (...seen: string[]) => resolve(seen)));
  await listener.psubscribe("news.*");
  await client.publish("news.one", "hello");
  expect(await heard).toEqual(["news.*", "news.one", "hello"]);
  expect(await client.info()).toContain("db4:keys=501,expires=0");
});

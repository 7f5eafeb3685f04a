/** A fleet of Python producers and workers that seals with the package of clients/python/seal. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import {
  type PythonApp,
  type PythonClient,
  type PythonVersion,
  pythonVersions,
  startPythonClient,
  startPythonWorker,
} from "../helpers/python.ts";
import { amqpUrl, redisUrl, temporaryFolder } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { PYTHONPATH } from "./python-package.ts";
import { sealVectors } from "./seal-vectors.ts";

const { trusted, stranger } = sealVectors.keys;

/** A member of the fleet; keys are files, as users have them. */
async function member(version: PythonVersion, broker: string, backend: string): Promise<PythonApp> {
  const folder = await temporaryFolder();
  const files = { seal: trusted.private_pem, trusted: trusted.public_pem };
  for (const [name, pem] of Object.entries(files)) writeFileSync(join(folder, `${name}.pem`), pem);
  return {
    version,
    broker,
    backend,
    conf: {
      message_sealing: "require",
      message_seal_key: join(folder, "seal.pem"),
      message_seal_trusted_keys: [join(folder, "tr*.pem")],
      message_seal_audience: "fleet",
      task_acks_late: true,
      worker_prefetch_multiplier: 1,
    },
    env: { PYTHONPATH },
  };
}

/** A producer that seals: the app of live_tasks.py. */
async function sealingClient(app: PythonApp): Promise<PythonClient> {
  const client = startPythonClient(app);
  await client.evaluate("__import__('live_tasks') and None");
  return client;
}

function readObject(text: string | null): PlainObject {
  const value: unknown = JSON.parse(text ?? "null");
  if (!isPlainObject(value)) throw new Error("This is no envelope of kombu's.");
  return value;
}

describe.each(pythonVersions())("a fleet on Redis with Celery %s", (version) => {
  let app: PythonApp;
  let client: PythonClient;
  let redis: Redis;
  /** Messages of one task each, sealed and never delivered. */
  let captured: { readonly id: string; readonly envelope: PlainObject }[];

  beforeAll(async () => {
    const url = await redisUrl();
    app = await member(version, url, url);
    redis = new Redis(url);
    client = await sealingClient(app);
    captured = [];
    for (let index = 0; index < 3; index += 1) {
      const id = await client.send("examples.add", [index, 1]);
      captured.push({ id, envelope: readObject(await redis.rpop("celery")) });
    }
    await startPythonWorker({ ...app, app: "live_tasks" });
    return () => redis.quit();
  });

  const putBack = (envelope: PlainObject): Promise<number> => redis.lpush("celery", JSON.stringify(envelope));

  const deadLetter = async (): Promise<PlainObject> => {
    const [, text] = (await redis.brpop("celery.dead", 30)) ?? [];
    return readObject(text ?? null);
  };

  const run = async (code: string): Promise<unknown> => client.get(String(await client.evaluate(code)));

  test("runs tasks, retries and workflows", async () => {
    const add = "app.signature('examples.add',";
    expect(await run(`${add} (2, 3)).apply_async()`)).toBe(5);
    expect(await run(`${add} (2, 3), countdown=1, expires=60).apply_async(compression='gzip')`)).toBe(5);
    expect(await run("app.send_task('py.retry', (2,))")).toBe(2);
    expect(await run(`chain(${add} (1, 1)), ${add} (5,)))()`)).toBe(7);
    expect(await run(`group(${add} (i, i)) for i in range(3))()`)).toEqual([0, 2, 4]);
    const chord = `chord([${add} (i, i)) for i in range(3)])(app.signature('py.echo'))`;
    expect(await run(chord)).toEqual([[[0, 2, 4]], {}]);
    expect(Object.values((await client.inspect("ping")) ?? {})).toEqual([{ ok: "pong" }]);
  });

  test("runs a message once, whoever sends it again", async () => {
    const [{ id, envelope } = { id: "", envelope: {} }] = captured;
    await putBack(envelope);
    expect(await client.get(id)).toBe(1);
    await putBack(envelope);
    expect(await deadLetter()).toMatchObject({
      body: envelope["body"],
      headers: { "x-celerity-reason": "replay", "x-celerity-queue": "celery", id },
    });
    expect(await client.state(id)).toBe("SUCCESS");
  });

  test("refuses another task in the header, and says so to the caller", async () => {
    const [, { id, envelope } = { id: "", envelope: {} }] = captured;
    await putBack({ ...envelope, headers: { ...(envelope["headers"] as PlainObject), task: "py.fail" } });
    await expect(client.get(id)).rejects.toMatchObject({ type: "SealError" });
    expect(await deadLetter()).toMatchObject({ headers: { "x-celerity-reason": "bad_signature", id } });
  });

  test("refuses producers without a seal, and their commands", async () => {
    const plain = startPythonClient({ ...app, conf: {} });
    const id = await plain.send("examples.add", [1, 1]);
    await expect(plain.get(id)).rejects.toMatchObject({ type: "SealError" });
    expect(await deadLetter()).toMatchObject({ headers: { "x-celerity-reason": "unsigned", id } });
    expect(await plain.inspect("ping")).toBeNull();
    expect(await client.inspect("ping")).not.toBeNull();
  });

  test("refuses producers with another key", async () => {
    const conf = { ...app.conf, message_seal_key: stranger.private_pem };
    const other = await sealingClient({ ...app, conf });
    const id = await other.send("examples.add", [1, 1]);
    await expect(other.get(id)).rejects.toMatchObject({ type: "SealError" });
    expect(await deadLetter()).toMatchObject({ headers: { "x-celerity-reason": "key_unknown", id } });
  });
});

describe.each(pythonVersions())("a fleet on RabbitMQ with Celery %s", (version) => {
  test("runs what a killed worker held", async () => {
    const backend = await redisUrl();
    const app = { ...(await member(version, await amqpUrl(), backend)), compression: "zlib" };
    const client = await sealingClient(app);
    const killed = await startPythonWorker({ ...app, app: "live_tasks" });
    const id = await client.send("py.sleep", [3]);
    await killed.waitForOutput(/py\.sleep\[.*received/);
    const redis = new Redis(backend);
    onTestFinished(async () => void (await redis.quit()));
    const [key = ""] = await redis.keys("celerity-nonce-*");
    expect(await redis.get(key)).toMatch(/^started:/);
    await killed.kill9();
    await startPythonWorker({ ...app, app: "live_tasks" });
    expect(await client.get(id)).toBeNull();
    await expect.poll(() => redis.get(key)).toBe("done");
  });
});

test("a fleet on RabbitMQ runs what the broker itself delays", async () => {
  const { conf, ...fleet } = await member("latest", await amqpUrl(), await redisUrl());
  const delayed = {
    task_default_queue_type: "quorum",
    task_default_exchange: "tasks",
    task_default_exchange_type: "topic",
    broker_native_delayed_delivery_queue_type: "classic",
  };
  const app = { ...fleet, conf: { ...conf, ...delayed } };
  const client = await sealingClient(app);
  await startPythonWorker({ ...app, app: "live_tasks" });
  const id = await client.evaluate("app.send_task('examples.add', (2, 3), countdown=2)");
  expect(await client.get(String(id))).toBe(5);
});

test("a TypeScript worker answers the commands that Python sealed, and no others", async () => {
  const url = await redisUrl();
  const fleet = await member("latest", url, url);
  const worker = testApp({
    brokerUrl: url,
    resultBackend: url,
    messageSealing: "require",
    messageSealTrustedKeys: [trusted.public_pem],
    messageSealAudience: "fleet",
  });
  const { hostname } = await testWorker(worker);
  const client = await sealingClient(fleet);
  expect(await client.inspect("ping")).toEqual({ [hostname]: { ok: "pong" } });
  expect(await startPythonClient({ ...fleet, conf: {} }).inspect("ping")).toBeNull();
});

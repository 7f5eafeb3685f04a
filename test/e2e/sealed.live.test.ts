/** A sealed fleet of processes: a producer and two workers, each with a key of its own, as users run them. */
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../app/index.ts";
import { signature } from "../../protocol/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import type { GuardedProcess } from "../helpers/services-process.ts";
import { publishRaw, takeMessages } from "../helpers/worker.ts";
import { newKeyTexts } from "../worker/sealed-fleet.ts";
import { startCelerity, taskModule } from "./celerity.ts";
import { backends, brokers } from "./places.ts";
import { createTestApp } from "./sides.ts";

const WAIT = { timeoutMs: 30_000 };

describe.each(["RabbitMQ", "Redis"] as const)("on %s", (broker) => {
  let folder: string;
  let env: Readonly<Record<string, string>>;
  let producer: App;
  let stranger: App;
  let workers: GuardedProcess[];

  const keyFile = (name: string): string => join(folder, `${name}.key`);

  const launch = async (name: string, queue: string): Promise<GuardedProcess> => {
    const worker = await startCelerity(
      ["worker", "-A", taskModule, "-Q", queue, "-n", `${name}@${randomUUID()}`],
      {
        ...env,
        CELERY_MESSAGE_SEAL_KEY: keyFile(name),
      },
    );
    await worker.waitForOutput(/ready/);
    return worker;
  };

  beforeAll(async () => {
    const [brokerUrl, resultBackend] = await Promise.all([brokers[broker](), backends.Redis()]);
    folder = await temporaryFolder();
    mkdirSync(join(folder, "trusted"));
    for (const name of ["producer", "one", "two"]) {
      const { privatePem, publicPem } = newKeyTexts();
      writeFileSync(keyFile(name), privatePem);
      chmodSync(keyFile(name), 0o600);
      writeFileSync(join(folder, "trusted", `${name}.pem`), publicPem);
    }
    env = {
      CELERY_BROKER_URL: brokerUrl,
      CELERY_RESULT_BACKEND: resultBackend,
      CELERY_MESSAGE_SEALING: "require",
      CELERY_MESSAGE_SEAL_TRUSTED_KEYS: join(folder, "trusted"),
      CELERY_MESSAGE_SEAL_AUDIENCE: "e2e",
    };
    const settings = { brokerUrl, resultBackend, taskQueueMaxPriority: null };
    producer = createTestApp({
      ...settings,
      messageSealKey: keyFile("producer"),
      messageSealAudience: "e2e",
    });
    stranger = createTestApp(settings);
    workers = await Promise.all([launch("one", "one"), launch("two", "two")]);
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
  });

  const call = (task: string, args: readonly unknown[], queue: string): Promise<unknown> =>
    producer.call(task, { args, queue, ...WAIT });

  /** The reason of the next dead letter. */
  const refusal = async (queue: string): Promise<unknown> => {
    await (await producer.connection()).declareQueue({ name: `${queue}.dead` });
    const [letter] = await takeMessages(producer, `${queue}.dead`, 1);
    return letter?.message?.headers["x-celerity-reason"];
  };

  test("calls, retries and chains across both workers run", async () => {
    expect(await call("examples.add", [2, 3], "one")).toBe(5);
    expect(await call("ts.retry", [2], "two")).toBe(2);
    const [middle, last] = [randomUUID(), randomUUID()];
    const step = (args: readonly unknown[], queue: string, id: string) => ({
      ...signature("examples.add", args),
      options: { queue, task_id: id },
    });
    await producer.sendTask("examples.add", {
      args: [1, 2],
      queue: "one",
      chain: [step([100], "one", last), step([10], "two", middle)],
    });
    expect(await producer.result(last).get(WAIT)).toBe(113);
    expect(await producer.result(middle).get(WAIT)).toBe(13);
  });

  test("what is not sealed does not", async () => {
    const result = await stranger.sendTask("examples.add", { args: [1, 1], queue: "one" });
    await expect(result.get(WAIT)).rejects.toMatchObject({ code: "task_failed" });
    expect(await refusal("one")).toBe("unsigned");
  });

  test("nor what was sealed for one worker's queue, on the other's", async () => {
    const prepared = await producer.producer.prepare("examples.add", { args: [1, 1], queue: "one" });
    const { message } = producer.sealing.sealTask(prepared);
    await publishRaw(producer, "two", message);
    await expect(producer.result(prepared.id).get(WAIT)).rejects.toMatchObject({ code: "task_failed" });
    expect(await refusal("two")).toBe("wrong_audience");
  });

  test("and the same message counts once, for a worker that starts later too", async () => {
    const prepared = await producer.producer.prepare("examples.add", { args: [4, 4], queue: "two" });
    const { message } = producer.sealing.sealTask(prepared);
    await publishRaw(producer, "two", message);
    expect(await producer.result(prepared.id).get(WAIT)).toBe(8);
    await workers[1]?.stop();
    await publishRaw(producer, "two", message);
    workers[1] = await launch("two", "two");
    expect(await refusal("two")).toBe("replay");
    expect(await producer.result(prepared.id).state()).toBe("SUCCESS");
  });

  test("a message whose worker is killed runs in the next one", async () => {
    const gate = join(folder, randomUUID());
    mkdirSync(gate);
    const result = await producer.sendTask("ts.gate", { args: [gate], queue: "one" });
    await expect.poll(() => result.state(), { timeout: 20_000 }).toBe("STARTED");
    await workers[0]?.kill();
    workers[0] = await launch("one", "one");
    for (const name of ["1", "2"]) writeFileSync(join(gate, name), "");
    expect(await result.get(WAIT)).toBe("open");
  });
});

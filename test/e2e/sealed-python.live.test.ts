/** One sealed fleet of both languages: TypeScript here, Python with the package of clients/python/seal. */
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../app/index.ts";
import { signature, type WireMessage } from "../../protocol/index.ts";
import { python, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { publishRaw, takeMessages } from "../helpers/worker.ts";
import { newKeyTexts } from "../worker/sealed-fleet.ts";
import { backends, brokers, pythonTasks } from "./places.ts";
import { createTestApp, startWorker } from "./sides.ts";

const WAIT = { timeoutMs: 30_000 };
const client = fileURLToPath(new URL("../../clients/python/seal/src", import.meta.url));

describe.skipIf(!pythonVersions().includes("latest")).each(["RabbitMQ", "Redis"] as const)(
  "on %s",
  (broker) => {
    let app: App;
    let stranger: App;
    let env: Readonly<Record<string, string>>;

    beforeAll(async () => {
      const [brokerUrl, resultBackend, folder] = await Promise.all([
        brokers[broker](),
        backends.Redis(),
        temporaryFolder(),
      ]);
      const keys = { ts: newKeyTexts(), py: newKeyTexts() };
      const files = Object.entries(keys).map(([name, { publicPem }]) => {
        const file = join(folder, `${name}.pem`);
        writeFileSync(file, publicPem);
        return file;
      });
      const settings = { brokerUrl, resultBackend, taskQueueMaxPriority: null };
      app = createTestApp({
        ...settings,
        messageSealing: "require",
        messageSealKey: keys.ts.privatePem,
        messageSealTrustedKeys: files,
        messageSealAudience: "both",
      });
      stranger = createTestApp(settings);
      env = {
        PYTHONPATH: `${pythonTasks.env["PYTHONPATH"]}:${client}`,
        CELERITY_TEST_BROKER: brokerUrl,
        CELERITY_TEST_BACKEND: resultBackend,
        CELERY_MESSAGE_SEALING: "require",
        CELERY_MESSAGE_SEAL_KEY: keys.py.privatePem,
        CELERY_MESSAGE_SEAL_TRUSTED_KEYS: files.join(","),
        CELERY_MESSAGE_SEAL_AUDIENCE: "both",
        CELERY_MESSAGE_SEAL_NONCE_STORE: resultBackend,
      };
      await startWorker(app, ["ts"]);
      await startPythonWorker({
        version: "latest",
        broker: brokerUrl,
        backend: resultBackend,
        app: "sealed_tasks",
        args: ["-Q", "py", "-P", "solo"],
        env,
      });
    });

    /** What a Python expression gives, with `app` and Celery's canvas at hand. */
    const inPython = (code: string): Promise<unknown> =>
      python({
        version: "latest",
        env,
        code: `import json
from celery import chain, signature
from sealed_tasks import app
print(json.dumps(${code}))`,
      });

    const deadLetter = async (queue: string): Promise<WireMessage> => {
      await (await app.connection()).declareQueue({ name: `${queue}.dead` });
      const [letter] = await takeMessages(app, `${queue}.dead`, 1);
      if (letter?.message === undefined) throw new Error("There is no dead letter.");
      return letter.message;
    };

    test("Python runs what TypeScript sealed, and retries it", async () => {
      expect(await app.call("py.add", { args: [2, 3], queue: "py", ...WAIT })).toBe(5);
      expect(await app.call("py.retry", { args: [2], queue: "py", timeLimit: 60, ...WAIT })).toBe(2);
    });

    test("TypeScript runs what Python sealed, and retries it", async () => {
      const call = (task: string, args: string, options = ""): string =>
        `app.send_task("${task}", ${args}, queue="ts"${options}).get(timeout=30)`;
      expect(
        await inPython(call("examples.add", "(2, 3)", ", time_limit=2.5, expires=60, countdown=0.1")),
      ).toBe(5);
      expect(await inPython(call("ts.retry", "(2,)", ", compression='gzip'"))).toBe(2);
      expect(await inPython(call("ts.echo", "('Grüße 😀',)"))).toEqual([["Grüße 😀"], {}]);
    });

    test("a chain goes from one to the other and back", async () => {
      const [middle, last] = [randomUUID(), randomUUID()];
      await app.sendTask("examples.add", {
        args: [1, 2],
        queue: "ts",
        chain: [
          { ...signature("examples.add", [100]), options: { queue: "ts", task_id: last } },
          { ...signature("py.add", [10]), options: { queue: "py", task_id: middle } },
        ],
      });
      expect(await app.result(last).get(WAIT)).toBe(113);
      const steps = `signature("py.add", (1, 2), queue="py"), signature("examples.add", (10,), queue="ts"), signature("py.add", (100,), queue="py")`;
      expect(await inPython(`chain(${steps}, app=app).apply_async().get(timeout=30)`)).toBe(113);
    });

    test("both refuse what is not sealed, and keep it", async () => {
      for (const [queue, task] of [
        ["py", "py.add"],
        ["ts", "examples.add"],
      ] as const) {
        const result = await stranger.sendTask(task, { args: [1, 1], queue });
        await expect(result.get(WAIT)).rejects.toMatchObject({ code: "task_failed" });
        expect((await deadLetter(queue)).headers).toMatchObject({
          "x-celerity-reason": "unsigned",
          id: result.id,
        });
      }
    });

    test("Python refuses what was changed", async () => {
      const prepared = await app.producer.prepare("py.add", { args: [1, 1], queue: "py" });
      const { message } = app.sealing.sealTask(prepared);
      await publishRaw(app, "py", { ...message, headers: { ...message.headers, retries: 1 } });
      expect((await deadLetter("py")).headers["x-celerity-reason"]).toBe("bad_signature");
    });

    test("a seal that one language has used is used for the other", async () => {
      const queue = `both-${randomUUID()}`;
      const prepared = await app.producer.prepare("examples.add", { args: [1, 1], queue });
      const { message } = app.sealing.sealTask(prepared);
      await publishRaw(app, queue, message);
      const worker = await startWorker(app, [queue]);
      expect(await app.result(prepared.id).get(WAIT)).toBe(2);
      await worker.stop();
      await publishRaw(app, queue, message);
      const settings = { version: "latest", broker: env["CELERITY_TEST_BROKER"] ?? "" } as const;
      await startPythonWorker({ ...settings, app: "sealed_tasks", args: ["-Q", queue, "-P", "solo"], env });
      expect((await deadLetter(queue)).headers["x-celerity-reason"]).toBe("replay");
      expect(await app.result(prepared.id).state()).toBe("SUCCESS");
    });
  },
);

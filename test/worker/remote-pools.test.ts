import { chmod, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { App } from "../../app/index.ts";
import { generateWebhookSecret, WEBHOOK_VERIFIERS } from "../../signing/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

async function run(app: App, task: string, ...args: readonly unknown[]): Promise<unknown> {
  return (await app.sendTask(task, { args })).get({ timeoutMs: 20_000 });
}

/** Reads calls as JSON lines, in a language that knows nothing of Celery. */
const PROGRAM = `#!/usr/bin/env python3
import json, os, sys, time
for line in sys.stdin:
    call = json.loads(line)
    if "task" not in call:
        continue
    task, args = call["task"], call["args"]
    if task == "add":
        answer = {"result": args[0] + args[1]}
    elif task == "fail":
        answer = {"error": {"type": "ValueError", "message": "no", "module": "builtins", "traceback": "line 1"}}
    elif task == "again":
        answer = {"retry": {"countdown": 0, "reason": "later"}} if call["retries"] < 2 else {"result": call["retries"]}
    elif task == "progress":
        print(json.dumps({"id": call["id"], "state": "HALF", "meta": 0.5}), flush=True)
        answer = {"result": "done"}
    elif task == "die":
        os.kill(os.getpid(), 9)
    elif task == "sleep":
        time.sleep(60)
    elif task == "noise":
        print("no json", flush=True)
        continue
    print(json.dumps({"id": call["id"], **answer}), flush=True)
`;

describe("the exec pool", () => {
  const start = async (options: object = {}): Promise<App> => {
    const file = join(await temporaryFolder(), "program.py");
    await writeFile(file, PROGRAM);
    await chmod(file, 0o755);
    const app = testApp();
    await testWorker(app, { pool: `exec:${file}`, concurrency: 2, ...options });
    return app;
  };

  it("runs tasks of any name in a program of any language", async () => {
    const app = await start();
    expect(await run(app, "add", 2, 3)).toBe(5);
    expect(await run(app, "again")).toBe(2);
    expect(await run(app, "progress")).toBe("done");
    await expect(run(app, "fail")).rejects.toMatchObject({
      type: "ValueError",
      args: ["no"],
      module: "builtins",
    });
    await expect(run(app, "noise")).rejects.toMatchObject({ type: "DecodeError" });
    await expect(run(app, "die")).rejects.toMatchObject({ type: "WorkerLostError" });
    expect(await run(app, "add", 1, 1)).toBe(2);
  });

  it("ends a program at the hard limit", async () => {
    const app = await start({ timeLimit: 0.5 });
    await expect(run(app, "sleep")).rejects.toMatchObject({ type: "TimeLimitExceeded" });
    expect(await run(app, "add", 1, 1)).toBe(2);
  });

  it("says when there is no such program", async () => {
    await expect(testWorker(testApp(), { pool: "exec:/no/such/program" })).rejects.toThrow(/ENOENT/);
    await expect(testWorker(testApp(), { pool: "exec:" })).rejects.toThrow(/Name a program/);
  });
});

describe("the http pool", () => {
  interface Seen {
    readonly headers: IncomingMessage["headers"];
    readonly body: Buffer;
  }

  const start = async (settings: object = {}, options: object = {}): Promise<{ app: App; seen: Seen[] }> => {
    const seen: Seen[] = [];
    const server = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      seen.push({ headers: req.headers, body });
      const call = JSON.parse(body.toString()) as { task: string; args: number[]; retries: number };
      const answer = (code: number, value?: unknown): void =>
        void res.writeHead(code).end(value === undefined ? "" : JSON.stringify(value));
      if (call.task === "add") answer(200, (call.args[0] ?? 0) + (call.args[1] ?? 0));
      else if (call.task === "empty") answer(204);
      else if (call.task === "fail") answer(422, { error: { type: "ValueError", message: "no" } });
      else if (call.task === "crash") answer(500);
      else if (call.task === "busy" && call.retries === 0) res.writeHead(503, { "retry-after": "0" }).end();
      else if (call.task === "busy") answer(200, call.retries);
      else if (call.task === "garbage") res.end("{");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    const app = testApp(settings);
    await testWorker(app, {
      pool: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tasks`,
      ...options,
    });
    return { app, seen };
  };

  it("posts a task to a server, and takes the answer as its result", async () => {
    const { app, seen } = await start();
    expect(await run(app, "add", 2, 3)).toBe(5);
    expect(await run(app, "empty")).toBeNull();
    expect(await run(app, "busy")).toBe(1);
    await expect(run(app, "fail")).rejects.toMatchObject({ type: "ValueError", args: ["no"] });
    await expect(run(app, "crash")).rejects.toMatchObject({ type: "HTTPError" });
    await expect(run(app, "garbage")).rejects.toMatchObject({ type: "DecodeError" });
    expect(seen[0]?.headers).toMatchObject({ "content-type": "application/json", "celerity-task": "add" });
    expect(seen[0]?.headers["webhook-signature"]).toBeUndefined();
  });

  it("signs its calls", async () => {
    const secret = generateWebhookSecret();
    const { app, seen } = await start({ workerPoolSecrets: [secret] });
    await run(app, "add", 1, 1);
    const verifier = WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets: [secret] });
    const [call] = seen;
    if (call === undefined) throw new Error("Nothing was posted.");
    expect(verifier.verify({ headers: call.headers, body: call.body }).id).toBeTypeOf("string");
  });

  it("ends a request at the hard limit", async () => {
    const { app } = await start({}, { timeLimit: 0.3 });
    await expect(run(app, "silence")).rejects.toMatchObject({ type: "TimeLimitExceeded" });
  });

  it("tries a server that is away again, and then fails", async () => {
    const app = testApp();
    await testWorker(app, { pool: "http://127.0.0.1:1/" });
    app.task("gone", { maxRetries: 0 }, () => undefined);
    await expect(run(app, "gone")).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe("a pool of one's own", () => {
  it("is the default export of a module", async () => {
    const file = join(await temporaryFolder(), "pool.mjs");
    await writeFile(
      file,
      `export default ({ hostname }) => ({
        name: "mine", size: 1, pids: [process.pid], runsAnyTask: true,
        run(job, onStart) { onStart(job); return { state: "SUCCESS", result: job.request.task + " by " + hostname.split("@")[0] }; },
        async close() {},
      });`,
    );
    const app = testApp();
    await testWorker(app, { pool: file });
    expect(await run(app, "anything")).toBe("anything by w");
  });

  it("is refused when the module has none", async () => {
    const file = join(await temporaryFolder(), "pool.mjs");
    await writeFile(file, "export default 3;");
    await expect(testWorker(testApp(), { pool: file })).rejects.toThrow(/must be a function/);
    await expect(testWorker(testApp(), { pool: "./no-such-pool.mjs" })).rejects.toThrow(/cannot be loaded/);
  });
});

/** A worker's command line with a task that waits for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ADD, taskEnvelope } from "../lib/message.ts";
import { workerCommand } from "../lib/paths.ts";
import { withRedis } from "../lib/servers.ts";
import type { LifeInput } from "./lives.ts";

const POLL_MS = 2;
const PATIENCE_MS = 30_000;

export interface StartedWorker {
  readonly process: ChildProcess;
  /** From the start of the process to the result of the task, in seconds. */
  readonly seconds: number;
}

/** Resolves when the worker has stored the result of its first task. Rejects with its output when it does not. */
export async function startWorker(input: LifeInput): Promise<StartedWorker> {
  const { runtime, broker, results, options } = input;
  return withRedis(results, async (store) => {
    await store.flushdb();
    await withRedis(broker, (redis) => redis.lpush("celery", taskEnvelope(ADD)));
    const { command, args } = workerCommand(runtime, ["--loglevel", "warning", ...options]);
    const env = { ...process.env, CELERY_BROKER_URL: broker, CELERY_RESULT_BACKEND: results };
    const startedAtMs = performance.now();
    const worker = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [worker.stdout, worker.stderr]) stream.on("data", (text) => (output += text));
    while ((await store.dbsize()) === 0) {
      const isLate = performance.now() - startedAtMs > PATIENCE_MS;
      if (isLate || worker.exitCode !== null) throw new Error(`The worker ran no task:\n${output}`);
      await sleep(POLL_MS);
    }
    return { process: worker, seconds: (performance.now() - startedAtMs) / 1000 };
  });
}

/** Ends it in order; resolves when it is gone. */
export async function stopWorker({ process: worker }: StartedWorker): Promise<void> {
  const ended = once(worker, "exit");
  worker.kill("SIGTERM");
  await ended;
}

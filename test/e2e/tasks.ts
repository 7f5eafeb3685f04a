/** The TypeScript twins of the Python tasks in test/helpers/python/tasks_app.py and python/e2e_tasks.py. */
import { appendFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "../../app/index.ts";
import { parseSignature } from "../../protocol/index.ts";

/** Registers them all; each `ts.x` here is a `py.x` there. */
export function registerTasks(app: App): void {
  app.task("examples.add", (x: number, y: number) => x + y);
  app.task("ts.echo", { bind: true, params: ["value", "key"] }, ({ request }, ..._values: unknown[]) => [
    request.args,
    request.kwargs,
  ]);
  app.task("ts.fail", (message: string) => {
    throw new RangeError(message);
  });
  app.task("ts.refuse", (...args: unknown[]) => {
    throw Object.assign(new Error(String(args.at(-1))), { name: "ValueError" });
  });
  app.task("ts.told", (_taskId: string) => "told");
  app.task("ts.replace", { bind: true }, (self, ...args: unknown[]) => {
    throw self.replace(parseSignature(args.at(-1), "signature"));
  });
  app.task("ts.retry", { bind: true, maxRetries: null }, (self, times: number) => {
    if (self.request.retries < times) throw self.retry({ countdown: 0 });
    return self.request.retries;
  });
  app.task("ts.meta", { bind: true, params: [] }, ({ request }, ..._values: unknown[]) => ({
    id: request.id,
    root_id: request.rootId,
    parent_id: request.parentId ?? null,
    retries: request.retries,
  }));
  app.task("ts.header", { bind: true }, ({ request }, name: string) => request.headers[name]);
  app.task("ts.when", () => Date.now());
  app.task("ts.gate", { bind: true, trackStarted: true }, async (self, folder: string) => {
    await waitForFile(folder, "1");
    await self.updateState("PROGRESS", { done: 1, total: 2 });
    await waitForFile(folder, "2");
    return "open";
  });
  app.task("e2e.die", (file: string) => {
    note(file, "start", "die");
    process.kill(process.pid, "SIGKILL");
  });
  app.task("e2e.ledger", async (file: string, name: string, seconds: number) => {
    note(file, "start", name);
    await sleep(seconds * 1000);
    note(file, "done", name);
  });
}

/** Fails when the folder is removed, which ends a test that went wrong. */
async function waitForFile(folder: string, name: string): Promise<void> {
  while (!readdirSync(folder).includes(name)) await sleep(10);
}

/** One write each, so that the lines of several processes do not mix. */
function note(file: string, what: string, name: string): void {
  appendFileSync(file, `${what} ${name} ${process.pid} ${Date.now()}\n`);
}

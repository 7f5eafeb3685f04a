/** An app that pools of processes and threads load; the broker is in memory, so that only the worker's own side uses it. */
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, threadId } from "node:worker_threads";
import { Temporal } from "temporal-polyfill";
import { type App, createApp, SoftTimeLimitExceeded } from "../../app/index.ts";

const NAME = "child-pool-app";

export const app: App = createApp({
  env: {},
  brokerUrl: `memory://${NAME}`,
  resultBackend: `cache+memory://${NAME}`,
  onWarning: () => undefined,
});

app.task("add", (x: number, y: number) => x + y);
app.task("where", () => ({ pid: process.pid, thread: threadId, isMainThread }));
app.task("fail", () => {
  throw new RangeError("too far");
});
app.task("exact", (value: unknown) => ({
  value,
  kind: value instanceof Temporal.PlainDate ? "date" : value instanceof Uint8Array ? "bytes" : typeof value,
}));
app.task("retry", { bind: true, maxRetries: 5 }, (self) => {
  if (self.request.retries < 2) throw self.retry({ countdown: 0 });
  return self.request.retries;
});
app.task("progress", { bind: true }, async (self) => {
  await self.updateState("HALF", { done: 0.5 });
  return "done";
});
app.task("spin", () => {
  for (;;);
});
app.task("sleep", async (ms: number) => {
  await sleep(ms);
  return process.pid;
});
app.task("patient", { bind: true }, async (self) => {
  try {
    return await sleep(60_000, "never asked", { signal: self.signal });
  } catch {
    if (self.signal.reason instanceof SoftTimeLimitExceeded) throw self.signal.reason;
    return `asked to stop: ${String(self.signal.reason)}`;
  }
});
app.task("die", () => process.kill(process.pid, "SIGKILL"));
app.task("die.once", { bind: true }, ({ request }) => {
  if (!request.deliveryInfo.redelivered) process.kill(process.pid, "SIGKILL");
  return "again";
});
app.task("die.unkept", { rejectOnWorkerLost: false }, () => process.kill(process.pid, "SIGKILL"));
app.task("exit", () => process.exit(3));
app.task("unencodable", () => Symbol("no"));

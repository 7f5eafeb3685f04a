/** For `celerity worker -A`: tasks that end in every way a task can end, and a control command. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { threadId } from "node:worker_threads";
import { type App, createApp, Ignore, Reject, type TaskContext } from "../../app/index.ts";

export const app: App = createApp();

app.task("m.add", (x: number, y: number) => x + y);
app.task("m.when", () => Date.now());
app.task("m.where", () => `${process.pid}.${threadId}`);
app.task("m.fail", (message: string) => {
  throw new RangeError(message);
});

app.task("m.retry", { bind: true, maxRetries: 5 }, (self) => {
  if (self.request.retries < 2) throw self.retry({ countdown: 0 });
  return self.request.retries;
});
app.task("m.exhausted", { bind: true, maxRetries: 1 }, (self) => {
  throw self.retry({ countdown: 0, error: new RangeError("still too far") });
});
app.task("m.autoretry", { bind: true, autoretryFor: [RangeError], defaultRetryDelay: 0 }, (self) => {
  if (self.request.retries < 2) throw new RangeError("not yet");
  return self.request.retries;
});

/** Ends when it is asked to, for the reason that it is given. */
app.task("m.patient", { bind: true }, async (self, folder: string, name: string) => {
  note(folder, name);
  await sleep(600_000, undefined, { signal: self.signal }).catch(() => undefined);
  throw self.signal.reason;
});
/** Listens to nothing. */
app.task("m.deaf", (folder: string, name: string) => {
  note(folder, name);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
app.task("m.die", (folder: string, name: string) => {
  note(folder, name);
  process.kill(process.pid, "SIGKILL");
});
/** In a thread it ends the thread alone. */
app.task("m.exit", (folder: string, name: string) => {
  note(folder, name);
  process.exit(3);
});

app.task("m.ignore", (folder: string, name: string) => {
  note(folder, name);
  throw new Ignore();
});
app.task("m.reject", () => {
  throw new Reject("not mine");
});
app.task("m.requeue", { bind: true }, (self, folder: string, name: string) => {
  if (note(folder, name) === 1) throw new Reject("not now", { requeue: true });
  return self.request.deliveryInfo.redelivered;
});

app.task("m.note", (folder: string, name: string) => note(folder, name));
/** Runs until the folder has a file of that name. */
app.task("m.gate", { bind: true, trackStarted: true }, async (self, folder: string, name: string) => {
  note(folder, name);
  await untilFile(self, `${folder}/${name}-1`);
  await self.updateState("PROGRESS", { done: 1, total: 2 });
  await untilFile(self, `${folder}/${name}-2`);
  return "open";
});
/** Never ends at its first start. */
app.task("m.again", async (folder: string, name: string) => {
  if (note(folder, name) === 1) await sleep(600_000);
  return "again";
});

/** As in python/matrix_tasks.py: whoever asks for tasks gets the same answer of both. */
app.task("both.add", { maxRetries: 5, rateLimit: "600/m" }, (x: number, y: number) => x + y);
app.task("both.gate", { bind: true }, async (self, folder: string, name: string) => {
  note(folder, name);
  await untilFile(self, `${folder}/${name}-1`);
  return "open";
});
app.task("both.note", (folder: string, name: string) => note(folder, name));
app.controlCommand("both_multiply", ({ x, y = 2 }, { hostname }) => {
  if (Number.isNaN(Number(x))) throw new TypeError("x is no number");
  return { ok: `${hostname}: ${Number(x) * Number(y)}` };
});
app.controlCommand("both_silence", () => undefined);

/** What it knows of its own call, by the names that a Python task has for it. */
app.task(
  "m.context",
  { bind: true, params: ["first", "second", "key"] },
  ({ request }, ..._args: unknown[]) => ({
    id: request.id,
    task: request.task,
    args: request.args,
    kwargs: request.kwargs,
    retries: request.retries,
    root_id: request.rootId,
    parent_id: request.parentId ?? null,
    group: request.groupId ?? null,
    group_index: request.groupIndex ?? null,
    eta: request.etaMs ?? null,
    expires: request.expiresMs ?? null,
    timelimit: [request.timeLimit ?? null, request.softTimeLimit ?? null],
    headers: request.headers,
    stamped_headers: request.stampedHeaders,
    stamps: request.stamps,
    reply_to: request.replyTo ?? null,
    correlation_id: request.correlationId,
    hostname: request.hostname,
    delivery_info: {
      exchange: request.deliveryInfo.exchange,
      routing_key: request.deliveryInfo.routingKey,
      priority: request.priority,
      redelivered: request.deliveryInfo.redelivered,
    },
  }),
);
app.task("m.stamped", { bind: true }, (self) => {
  if (self.request.retries === 0) throw self.retry({ countdown: 0 });
  return [self.request.stampedHeaders, self.request.stamps];
});

/** Notes a start, in one write, so that those of several processes do not mix; returns how many there are. */
function note(folder: string, name: string): number {
  const file = `${folder}/${name}`;
  appendFileSync(file, `${process.pid}\n`);
  return readFileSync(file, "utf8").split("\n").length - 1;
}

async function untilFile({ signal }: TaskContext, file: string): Promise<void> {
  while (!existsSync(file)) await sleep(10, undefined, { signal });
}

/** Sends one run of an entry. Source: celery/beat.py Scheduler.apply_async. */
import { setTimeout as sleep } from "node:timers/promises";
import type { App, PreparedTask, SendOptions } from "../app/index.ts";
import type { PlainObject } from "../protocol/index.ts";
import type { BeatEntry } from "./entry.ts";

/** How beat speaks to a broker. */
export interface Sender {
  /** Everything about a run's message; rejects when it cannot be made, now or ever. */
  prepare(entry: BeatEntry, taskId: string): Promise<PreparedTask>;
  /** Resolves when the broker has it. */
  publish(prepared: PreparedTask): Promise<void>;
  /** Whether the result store knows the task: then it was sent. False where nobody can tell. */
  isKnown(taskId: string): Promise<boolean>;
}

/** How long the result store may take to say whether it knows a task. */
const ASK_MS = 1000;

export function createSender(app: App): Sender {
  return {
    async prepare(entry, taskId) {
      const send = await sendOptions(entry, taskId);
      app.signals.send("before_task_publish", () => ({ task: entry.task, options: send }));
      return await app.producer.prepare(entry.task, send);
    },
    publish: (prepared) => app.publish(prepared),
    async isKnown(taskId) {
      if (!app.keepsResults) return false;
      const backend = await app.backend();
      if (!backend.shared) return false;
      return (await Promise.race([backend.get(taskId), sleep(ASK_MS)])) !== undefined;
    },
  };
}

/** The call, with the header by which workers and monitors know beat's tasks. */
export async function sendOptions(entry: BeatEntry, taskId?: string): Promise<SendOptions> {
  const { options } = entry;
  const args = await Promise.all(entry.args.map(valueNow));
  const values = await Promise.all(Object.values(entry.kwargs).map(valueNow));
  const kwargs: PlainObject = Object.fromEntries(
    Object.keys(entry.kwargs).map((name, at) => [name, values[at]]),
  );
  return {
    ...options,
    args,
    kwargs,
    headers: { ...options.headers, celery_beat_task: true },
    ...(taskId === undefined ? {} : { taskId }),
  };
}

/** Celery's BeatLazyFunc: a function stands for what it returns when the task is sent. */
async function valueNow(value: unknown): Promise<unknown> {
  return typeof value === "function" ? await (value as () => unknown)() : value;
}

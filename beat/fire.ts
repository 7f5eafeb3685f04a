/** Sends one run of an entry. Source: celery/beat.py Scheduler.apply_async. */
import { setTimeout as sleep } from "node:timers/promises";
import type { App, PreparedTask, SendOptions } from "../app/index.ts";
import { BrokerError, type PlainObject } from "../protocol/index.ts";
import type { ReconnectingConnection } from "../transports/index.ts";
import type { BeatEntry } from "./entry.ts";

/** How beat speaks to a broker. */
export interface Sender {
  /** Everything about a run's message, when there is a broker; rejects when it cannot be made, now or ever. */
  prepare(entry: BeatEntry, taskId: string): Promise<PreparedTask>;
  /** Resolves when the broker has it. Begins within {@link PUBLISH_MS} or never. */
  publish(prepared: PreparedTask): Promise<void>;
  /** Whether the result store knows the task: then it was sent. False where nobody can tell. */
  isKnown(taskId: string): Promise<boolean>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** How long the result store may take to say whether it knows a task. */
const ASK_MS = 1000;
/** How long a run waits for a connection before it is tried again later. */
const CONNECT_MS = 5000;
/**
 * How long a message may wait for a connection that is being lost just now. Less than MARGIN_MS: when it leaves later, another
 * beat may lead and have sent it.
 */
const PUBLISH_MS = 500;

/** Has a connection of its own, because the app's keeps messages for long while there is no broker. */
export function createSender(app: App): Sender {
  let opening: Promise<ReconnectingConnection> | undefined;
  const open = async (): Promise<ReconnectingConnection> => {
    const connection = await app.openConnection({ deadlineMs: PUBLISH_MS });
    // One that has given up is followed by a new one.
    void connection.ended.then(() => {
      opening = undefined;
    });
    return connection;
  };
  const connection = (): Promise<ReconnectingConnection> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  return {
    async prepare(entry, taskId) {
      await connected(await connection());
      const send = await sendOptions(entry, taskId);
      app.signals.send("before_task_publish", () => ({ task: entry.task, options: send }));
      return await app.producer.prepare(entry.task, send);
    },
    publish: async (prepared) => app.publish(prepared, await connection()),
    async isKnown(taskId) {
      if (!app.keepsResults) return false;
      const backend = await app.backend();
      if (!backend.shared) return false;
      return (await Promise.race([backend.get(taskId), after(ASK_MS)])) !== undefined;
    },
    async close() {
      const last = await opening?.catch(() => undefined);
      await last?.close();
    },
  };
}

async function connected(connection: ReconnectingConnection): Promise<void> {
  if (connection.connected) return;
  await Promise.race([connection.untilConnected(), after(CONNECT_MS)]);
  if (!connection.connected) throw new BrokerError("broker_unavailable", "The broker cannot be reached.");
}

function after(durationMs: number): Promise<undefined> {
  return sleep(durationMs, undefined, { ref: false });
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

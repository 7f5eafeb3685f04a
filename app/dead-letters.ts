/**
 * Messages that no worker could run: `<queue>.dead` holds the original bytes, and headers that say why (docs/worker.md).
 * Reading takes them from the broker and gives back what is kept.
 */
import { ConfigurationError, type PlainObject, readEnvelope, type WireMessage } from "../protocol/index.ts";
import type { Connection, Delivery, QueueSpec } from "../transports/index.ts";
import type { App } from "./app.ts";

/** The queue that takes the dead letters of another. */
export function deadLetterQueue(queue: string): QueueSpec {
  return { name: `${queue}.dead` };
}

/** Headers that a dead letter has beside its own. */
export const DEAD_LETTER_HEADERS = {
  code: "x-celerity-reason",
  reason: "x-celerity-detail",
  queue: "x-celerity-queue",
  worker: "x-celerity-worker",
  at: "x-celerity-at",
} as const;

export interface DeadLetter {
  /** Position in the queue, 1 for the oldest. */
  readonly position: number;
  readonly code: string;
  readonly reason: string;
  /** Where it came from. */
  readonly queue: string;
  readonly worker: string;
  /** ISO 8601. */
  readonly at: string;
  /** undefined when it cannot be read. */
  readonly task: string | undefined;
  readonly taskId: string | undefined;
  readonly message: WireMessage;
}

/** What becomes of a letter: it stays, goes back to its queue, or is gone. */
export type DeadLetterVerdict = "keep" | "replay" | "drop";

/** How long the broker may be silent before the queue counts as read, in milliseconds. */
const SILENCE_MS = 1000;

/**
 * Reads the oldest dead letters of a queue and does with each what `judge` says; resolves when the broker has it all.
 * Letters that are kept go back to their queue.
 */
export async function visitDeadLetters(
  app: App,
  queue: string,
  limit: number,
  judge: (letter: DeadLetter) => DeadLetterVerdict,
): Promise<void> {
  const connection = await app.openConnection();
  try {
    const dead = deadLetterQueue(queue);
    await connection.declareQueue(dead);
    const count = Math.min(limit, await connection.queueSize(dead.name));
    const taken = await takeSome(connection, dead, count);
    for (const [at, delivery] of taken.entries()) {
      const letter = toDeadLetter(delivery, at + 1, queue);
      const verdict = letter === undefined ? "keep" : judge(letter);
      if (letter !== undefined && verdict === "replay") await replay(connection, letter);
      if (verdict === "keep") delivery.reject({ requeue: true });
      else delivery.ack();
    }
  } finally {
    await connection.close();
  }
}

async function takeSome(
  connection: Connection,
  queue: QueueSpec,
  count: number,
): Promise<readonly Delivery[]> {
  if (count === 0) return [];
  const consumer = connection.consume([queue], { prefetch: count });
  const taken: Delivery[] = [];
  const silence = setTimeout(() => void consumer.close(), SILENCE_MS);
  for await (const deliveries of consumer) {
    silence.refresh();
    taken.push(...deliveries);
    if (taken.length >= count) break;
  }
  clearTimeout(silence);
  await consumer.close();
  return taken;
}

function toDeadLetter({ message }: Delivery, position: number, queue: string): DeadLetter | undefined {
  if (message === undefined) return undefined;
  const { headers } = message;
  const text = (name: string): string | undefined =>
    typeof headers[name] === "string" ? headers[name] : undefined;
  return {
    position,
    code: text(DEAD_LETTER_HEADERS.code) ?? "unknown",
    reason: text(DEAD_LETTER_HEADERS.reason) ?? "",
    queue: text(DEAD_LETTER_HEADERS.queue) ?? queue,
    worker: text(DEAD_LETTER_HEADERS.worker) ?? "",
    at: text(DEAD_LETTER_HEADERS.at) ?? "",
    task: text("task"),
    taskId: text("id"),
    message,
  };
}

/** As it was sent first, to the queue it came from. Throws ConfigurationError for bytes that never were a message. */
async function replay(connection: Connection, letter: DeadLetter): Promise<void> {
  await connection.publish(original(letter), { exchange: "", routingKey: letter.queue });
}

/** Headers that are left out: why it died, and how often it was handed out. */
const OURS: ReadonlySet<string> = new Set([...Object.values(DEAD_LETTER_HEADERS), "celerity-deliveries"]);

function original({ message, position }: DeadLetter): WireMessage {
  if (message.contentType === "application/octet-stream" && message.headers["task"] === undefined) {
    try {
      return readEnvelope(Buffer.from(message.body).toString("utf8")).message;
    } catch (error) {
      throw new ConfigurationError(`Dead letter ${position} never was a message, and cannot be sent again.`, {
        cause: error,
      });
    }
  }
  const headers: PlainObject = Object.fromEntries(
    Object.entries(message.headers).filter(([name]) => !OURS.has(name)),
  );
  return { ...message, headers };
}

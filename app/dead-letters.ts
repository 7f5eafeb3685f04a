/**
 * Messages that no worker could run: `<queue>.dead` holds the original bytes, and headers that say why (docs/worker.md).
 * RabbitMQ shows messages only by handing them out, so looking takes them there and gives them back.
 */
import { createHash } from "node:crypto";
import { ConfigurationError, type PlainObject, readEnvelope, type WireMessage } from "../protocol/index.ts";
import type { Connection, QueueSpec } from "../transports/index.ts";
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
  /** Of its contents: the same for whoever reads it. */
  readonly id: string;
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
/** Letters read in one step where the broker shows them. */
const PAGE = 100;

/** Shows the oldest dead letters of a queue until `show` says false. They stay where they are. */
export async function lookAtDeadLetters(
  app: App,
  queue: string,
  limit: number,
  show: (letter: DeadLetter) => boolean,
): Promise<void> {
  const connection = await app.connection();
  const { name } = deadLetterQueue(queue);
  for (let offset = 0; offset < limit; offset += PAGE) {
    const page = await connection.peekQueue(name, { offset, limit: Math.min(PAGE, limit - offset) });
    if (page === undefined) return takeAndGiveBack(app, queue, limit, show);
    for (const [at, message] of page.entries()) {
      if (message !== undefined && !show(toDeadLetter(message, offset + at + 1, queue))) return;
    }
    if (page.length < PAGE) return;
  }
}

async function takeAndGiveBack(
  app: App,
  queue: string,
  limit: number,
  show: (letter: DeadLetter) => boolean,
): Promise<void> {
  let goesOn = true;
  await visitDeadLetters(app, queue, limit, (letter) => {
    goesOn = goesOn && show(letter);
    return "keep";
  });
}

/**
 * Takes the oldest dead letters of a queue and does with each what `judge` says; resolves when the broker has it all. What
 * is kept is at its old place again then. Throws ConfigurationError for one to replay that never was a message.
 */
export async function visitDeadLetters(
  app: App,
  queue: string,
  limit: number,
  judge: (letter: DeadLetter) => DeadLetterVerdict,
): Promise<void> {
  // Closing it gives back what is not settled.
  const connection = await app.openConnection();
  try {
    const dead = deadLetterQueue(queue);
    const count = Math.min(limit, await connection.queueSize(dead.name));
    if (count > 0) await visit(app, connection, { queue, dead, count }, judge);
  } finally {
    await connection.close();
  }
}

interface Visit {
  readonly queue: string;
  readonly dead: QueueSpec;
  /** Letters that are taken; one more would lose its place. */
  readonly count: number;
}

async function visit(
  app: App,
  connection: Connection,
  { queue, dead, count }: Visit,
  judge: (letter: DeadLetter) => DeadLetterVerdict,
): Promise<void> {
  const consumer = connection.consume([dead], { prefetch: count });
  const silence = setTimeout(() => void consumer.close(), SILENCE_MS);
  let position = 0;
  let wanted = count;
  try {
    for await (const deliveries of consumer) {
      for (const delivery of deliveries) {
        silence.refresh();
        position += 1;
        if (delivery.message === undefined) continue;
        const letter = toDeadLetter(delivery.message, position, queue);
        const verdict = judge(letter);
        if (verdict === "keep") continue;
        if (verdict === "replay") await replayDeadLetter(app, connection, letter);
        wanted -= 1;
        // What is settled makes room for another.
        if (wanted > 0) consumer.setPrefetch(wanted);
        else await consumer.close();
        delivery.ack();
      }
      if (position >= count) return;
    }
  } finally {
    clearTimeout(silence);
    await consumer.close();
  }
}

/** A message of a dead-letter queue. */
export function toDeadLetter(message: WireMessage, position: number, queue: string): DeadLetter {
  const { headers } = message;
  const text = (name: string): string | undefined =>
    typeof headers[name] === "string" ? headers[name] : undefined;
  return {
    id: letterId(message),
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

/** What the message says of itself and why it died: no broker changes that, whatever it counts in other headers. */
function letterId({ body, contentType, headers }: WireMessage): string {
  const named = ["id", "task", ...Object.values(DEAD_LETTER_HEADERS)].map((name) => {
    const value = headers[name];
    return typeof value === "string" ? value : null;
  });
  const hash = createHash("sha256").update(JSON.stringify([contentType ?? null, ...named]));
  return hash.update(body).digest("base64url").slice(0, 22);
}

/** Headers that are left out: why it died, and how often it was handed out. */
const OURS: ReadonlySet<string> = new Set([...Object.values(DEAD_LETTER_HEADERS), "celerity-deliveries"]);

/**
 * Publishes a letter as it was sent first, byte for byte; the letter itself stays where it is. The FAILURE that was stored
 * for it is forgotten before, so that whoever waits hears of the new run. Throws as {@link originalMessage}.
 */
export async function replayDeadLetter(
  app: App,
  connection: Connection,
  letter: DeadLetter,
  queue: string = letter.queue,
): Promise<void> {
  const message = originalMessage(letter);
  const { id } = message.headers;
  if (typeof id === "string" && app.keepsResults) await forgetFailure(app, id);
  await connection.publish(message, { exchange: "", routingKey: queue });
}

/** A result of another kind belongs to another run. */
async function forgetFailure(app: App, id: string): Promise<void> {
  try {
    const backend = await app.backend();
    if ((await backend.get(id))?.status === "FAILURE") await backend.forget([id]);
  } catch (error) {
    app.onWarning(`The old result of task ${id} could not be forgotten`, error);
  }
}

/** The message as it was sent first. Throws ConfigurationError for bytes that never were one. */
export function originalMessage({ message, position }: DeadLetter): WireMessage {
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

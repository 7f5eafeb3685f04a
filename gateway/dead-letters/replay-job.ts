/**
 * Sends the dead letters of a queue again, one after another. Each letter of the start is taken once: it is sent and then
 * gone, or goes to the end of the queue, the confirmed copy first. Whatever ends this, a letter is in one place at least.
 */
import {
  type App,
  type DeadLetter,
  deadLetterQueue,
  replayDeadLetter,
  toDeadLetter,
} from "../../app/index.ts";
import { BrokerError, ConfigurationError } from "../../protocol/index.ts";
import type { Delivery, QueueSpec, ReconnectingConnection } from "../../transports/index.ts";
import { Pace } from "./pace.ts";
import type { ReplayFilter, ReplayRecord } from "./replay-records.ts";

export interface ReplayJobOptions {
  readonly app: App;
  readonly record: ReplayRecord;
  readonly signal: AbortSignal;
  /** Whether the caller may have a letter sent. */
  readonly isAllowed: (letter: DeadLetter) => boolean;
  /** Told of each letter that was sent. */
  readonly onMoved?: ((letter: DeadLetter) => void) | undefined;
  /** Told of each letter that is done with. */
  readonly onProgress: (change: Partial<ReplayRecord>) => void;
}

/** Without a letter for this long the queue counts as read: somebody else took the rest. */
const SILENCE_MS = 2000;

type Fate = "moved" | "failed" | "kept" | "refused";

/** Resolves when all letters had their turn. Rejects with AbortError, or with the BrokerError that ended it. */
export async function runReplay(options: ReplayJobOptions): Promise<void> {
  const { app, record, signal, onProgress } = options;
  const connection = await app.openConnection();
  try {
    const dead = deadLetterQueue(record.queue);
    const total = await connection.queueSize(dead.name);
    onProgress({ total });
    if (record.toQueue !== undefined) await connection.declareQueue(app.router.queue(record.toQueue));
    const counts: Record<Fate, number> = { moved: 0, failed: 0, kept: 0, refused: 0 };
    const pace = new Pace(record.ratePerSecond);
    for await (const delivery of deliveriesOf(connection, dead, total, signal)) {
      const fate = await settle(options, connection, delivery, pace);
      counts[fate] += 1;
      onProgress(counts);
    }
  } finally {
    await connection.close();
  }
}

/** So many deliveries of a queue, one at a time; fewer when it is silent, or the signal is aborted. */
async function* deliveriesOf(
  connection: ReconnectingConnection,
  queue: QueueSpec,
  count: number,
  signal: AbortSignal,
): AsyncGenerator<Delivery> {
  if (count === 0) return;
  // Nobody else sees the letters that are held, and one that is given back may lose its place.
  const consumer = connection.consume([queue], { prefetch: 1 });
  const close = (): void => void consumer.close();
  let silence: NodeJS.Timeout | undefined;
  const listen = (): void => {
    // While the broker is away it is silent for another reason.
    silence = setTimeout(() => (connection.connected ? close() : listen()), SILENCE_MS);
  };
  listen();
  signal.addEventListener("abort", close, { once: true });
  let left = count;
  try {
    for await (const deliveries of consumer) {
      clearTimeout(silence);
      for (const delivery of deliveries) {
        if (delivery.lost) continue;
        left -= 1;
        // Settling the last one would only bring another.
        if (left === 0) await consumer.close();
        yield delivery;
      }
      if (left === 0) return;
      listen();
    }
    signal.throwIfAborted();
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", close);
    await consumer.close();
  }
}

async function settle(
  { app, record, signal, isAllowed, onMoved }: ReplayJobOptions,
  connection: ReconnectingConnection,
  delivery: Delivery,
  pace: Pace,
): Promise<Fate> {
  signal.throwIfAborted();
  const { message } = delivery;
  if (message === undefined) {
    delivery.reject({ requeue: true });
    return "failed";
  }
  const letter = toDeadLetter(message, 0, record.queue);
  let fate: Fate = "kept";
  if (isMeant(letter, record.filter)) fate = isAllowed(letter) ? "moved" : "refused";
  if (fate === "moved") {
    await pace.wait(signal);
    fate = await send(app, connection, letter, record.toQueue);
  }
  if (fate === "moved") onMoved?.(letter);
  else {
    const { name } = deadLetterQueue(record.queue);
    await connection.publish(message, { exchange: "", routingKey: name });
  }
  delivery.ack();
  return fate;
}

async function send(
  app: App,
  connection: ReconnectingConnection,
  letter: DeadLetter,
  toQueue: string | undefined,
): Promise<Fate> {
  try {
    await replayDeadLetter(app, connection, letter, toQueue);
    return "moved";
  } catch (error) {
    if (!isAboutLetter(error)) throw error;
    app.onWarning(`Dead letter ${letter.id} of ${letter.queue} cannot be sent again`, error);
    return "failed";
  }
}

/** It never was a message, or no queue takes it. */
function isAboutLetter(error: unknown): boolean {
  if (error instanceof ConfigurationError) return true;
  return error instanceof BrokerError && (error.code === "unroutable" || error.code === "broker_refused");
}

function isMeant({ code, task, at }: DeadLetter, filter: ReplayFilter): boolean {
  if (filter.reason !== undefined && filter.reason !== code) return false;
  if (filter.task !== undefined && filter.task !== task) return false;
  const { sinceMs, untilMs } = filter;
  if (sinceMs === undefined && untilMs === undefined) return true;
  // One that does not say when it died is in no span of time.
  const diedAtMs = Date.parse(at);
  return (
    diedAtMs >= (sinceMs ?? Number.NEGATIVE_INFINITY) && diedAtMs <= (untilMs ?? Number.POSITIVE_INFINITY)
  );
}

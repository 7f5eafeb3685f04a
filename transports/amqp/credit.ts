/**
 * How many deliveries a consumer may hold. RabbitMQ before 4 can limit a channel as a whole, which is exact, adjustable
 * and shared by all its queues. RabbitMQ 4 and quorum queues only limit each subscription, for good, when it is made.
 */
import { type Channel, call, type Message } from "./amqplib.ts";

export interface Credit {
  /** Subscribes to all queues. */
  open(): Promise<void>;
  /** Changes the limit; 0 means none. */
  set(count: number): Promise<void>;
  /** Ends all subscriptions. */
  cancel(): Promise<void>;
}

export interface CreditOptions {
  readonly channel: Channel;
  readonly queues: readonly string[];
  readonly prefetch: number;
  readonly noAck: boolean;
  /** Gets every message, and null when the broker ended the subscription. */
  readonly onMessage: (queue: string, message: Message | null) => void;
}

/** One limit for the channel. */
export function createSharedCredit(options: CreditOptions): Credit {
  const { channel, queues } = options;
  const tags: string[] = [];
  const set = (count: number): Promise<void> => limit(channel, count, true);
  return {
    async open() {
      await set(options.prefetch);
      for (const queue of queues) tags.push(await subscribe(options, queue));
    },
    set,
    cancel: () => cancelAll(channel, tags.splice(0)),
  };
}

/** Subscriptions a queue may have before they are joined to one. */
const MAX_SUBSCRIPTIONS = 64;

interface Line {
  readonly queue: string;
  /** Credit of each subscription by its consumer tag. */
  readonly subscriptions: Map<string, number>;
}

/** A limit for each subscription: the queues get equal parts of the whole, at least one delivery each. */
export function createSplitCredit(options: CreditOptions): Credit {
  const { channel, queues } = options;
  const lines: readonly Line[] = queues.map((queue) => ({ queue, subscriptions: new Map() }));
  let wanted = options.prefetch;
  let applying: Promise<void> | undefined;

  /** The limit applies to the next subscription on the channel, so changes must not mix. */
  const apply = async (): Promise<void> => {
    try {
      let applied: number;
      do {
        applied = wanted;
        for (const [index, line] of lines.entries())
          await setLine(options, line, part(applied, lines.length, index));
      } while (applied !== wanted);
    } finally {
      // In the same step as the last comparison, so that no change falls between.
      applying = undefined;
    }
  };
  const set = (count: number): Promise<void> => {
    wanted = count;
    applying ??= apply();
    return applying;
  };
  return {
    open: () => set(wanted),
    set,
    async cancel() {
      await applying;
      await cancelAll(
        channel,
        lines.flatMap(({ subscriptions }) => [...subscriptions.keys()]),
      );
    },
  };
}

/**
 * More is another subscription beside the first, which is exact. Less is a new one instead of all: until what they held
 * is settled, the consumer holds more than it should.
 */
async function setLine(options: CreditOptions, line: Line, target: number): Promise<void> {
  const { channel } = options;
  const { subscriptions } = line;
  const present = [...subscriptions.values()].reduce((sum, credit) => sum + credit, 0);
  if (subscriptions.size > 0 && present === target) return;
  const isMore = present > 0 && target > present && subscriptions.size < MAX_SUBSCRIPTIONS;
  if (!isMore) {
    await cancelAll(channel, [...subscriptions.keys()]);
    subscriptions.clear();
  }
  const credit = isMore ? target - present : target;
  await limit(channel, credit, false);
  subscriptions.set(await subscribe(options, line.queue), credit);
}

function part(count: number, parts: number, index: number): number {
  if (count === 0) return 0;
  return Math.max(1, Math.floor(count / parts) + (index < count % parts ? 1 : 0));
}

async function limit(channel: Channel, count: number, isShared: boolean): Promise<void> {
  await call((done) => channel.prefetch(count, isShared, done));
}

async function subscribe(options: CreditOptions, queue: string): Promise<string> {
  const { channel, noAck, onMessage } = options;
  const onEach = (message: Message | null): void => onMessage(queue, message);
  const { consumerTag } = await call<{ consumerTag: string }>((done) =>
    channel.consume(queue, onEach, { noAck }, done),
  );
  return consumerTag;
}

async function cancelAll(channel: Channel, tags: readonly string[]): Promise<void> {
  for (const tag of tags) await call((done) => channel.cancel(tag, done));
}

/** kombu's queues in Redis as a {@link QueueStore}: one command connection, and one that listens once somebody needs it. */
import type { Redis } from "ioredis";
import { BrokerError, toError } from "../../protocol/index.ts";
import {
  isRefusal,
  isTemporaryRefusal,
  openRedis,
  type RedisConnection,
  type RedisTarget,
  unavailable,
} from "../../stores/redis.ts";
import { DueWatch } from "../due-watch.ts";
import type {
  Binding,
  ClaimedMessage,
  ClaimToPark,
  QueueStore,
  StoreEntry,
  Subscription,
} from "../queue-store.ts";
import type { BrokerEpoch, QueueFacts, TransportCapabilities } from "../transport.ts";
import { Bindings } from "./bindings.ts";
import { Claims } from "./claims.ts";
import { readEpoch } from "./epoch.ts";
import { Fanout } from "./fanout.ts";
import { fanoutTopic, listKey, listKeys, type RedisLayout } from "./layout.ts";
import { Leases } from "./leases.ts";
import { type ClaimLedger, NOTHING, type Unsettled } from "./ledger.ts";
import { peekQueue, queueFacts } from "./look.ts";
import { parkedKeys, returnDue } from "./parking.ts";
import { type Listener, WakeUps } from "./wake-ups.ts";

/** What Redis can do with kombu's layout. */
export const REDIS_CAPABILITIES: TransportCapabilities = {
  exchangeTypes: ["direct", "topic", "fanout"],
  eventExchangeType: "fanout",
  priorityOrder: "low-first",
  nativeAck: false,
  confirms: true,
};

/** What the lives of one transport share. */
export interface RedisStoreOptions {
  readonly target: RedisTarget;
  readonly layout: RedisLayout;
  readonly ledger: ClaimLedger;
  /** Bindings to keep, by exchange and member. */
  readonly bindings: Map<string, Binding>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Longest wait for a message without looking. */
const SAFETY_MS = 1000;
/** Pause after the server refused a claim (no memory, no disk): it is asked again, and meanwhile looks empty. */
const REFUSED_PAUSE_MS = 1000;

/** Opens one life of the store. Rejects with BrokerError `broker_unavailable`. */
export async function openRedisStore(
  options: RedisStoreOptions & { readonly timeoutMs: number },
): Promise<RedisQueueStore> {
  const { target, timeoutMs } = options;
  const connection = await openRedis(target, { timeoutMs, role: "broker" });
  const store = new RedisQueueStore(options, connection, timeoutMs);
  try {
    await store.begin();
  } catch (error) {
    connection.client.disconnect();
    throw error;
  }
  return store;
}

export class RedisQueueStore implements QueueStore {
  readonly name = "redis";
  readonly capabilities: TransportCapabilities = REDIS_CAPABILITIES;
  readonly ended: Promise<Error | undefined>;
  readonly #options: RedisStoreOptions;
  readonly #client: Redis;
  readonly #timeoutMs: number;
  readonly #leases: Leases;
  readonly #wakeUps: WakeUps;
  readonly #fanout: Fanout;
  readonly #bindings: Bindings;
  readonly #claims: Claims;
  readonly #dueWatch: DueWatch;
  /** Queues that were taken from: what is parked for them is returned by this process, too. */
  readonly #taken = new Set<string>();
  readonly #claiming = new Set<Promise<unknown>>();
  #subscriber: Promise<Listener> | undefined;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #end: (reason: Error | undefined) => void = () => undefined;
  #over = false;
  #closing: Promise<void> | undefined;

  constructor(options: RedisStoreOptions, connection: RedisConnection, timeoutMs: number) {
    const { layout, onWarning } = options;
    const client = connection.client;
    this.#options = options;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    const subscriber = (): Promise<Listener> => this.#listen();
    this.#leases = new Leases({ client, layout, onWarning }, options.ledger);
    this.#claims = new Claims(client, layout, this.#leases);
    this.#wakeUps = new WakeUps({
      client,
      subscriber,
      pollingIntervalMs: layout.pollingIntervalMs,
      safetyMs: SAFETY_MS,
      onWarning,
    });
    this.#dueWatch = new DueWatch({
      look: () => returnDue({ client, layout }, [...this.#taken]),
      onError: (error) => onWarning("Redis: returning parked messages failed", error),
    });
    this.#fanout = new Fanout(layout, async () => (await subscriber()).client);
    this.#bindings = new Bindings(client, layout, options.bindings, onWarning);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    void connection.ended.then((reason) => this.#finish(reason));
  }

  /** Takes over what earlier lives left, their claims and their bindings; what the server refuses is tried again later. */
  async begin(): Promise<void> {
    this.#options.ledger.sendNoted = () => this.#sendNoted();
    const outcomes = await Promise.allSettled([this.#leases.adopt(), this.#bindings.refresh()]);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      if (!isRefusal(outcome.reason))
        throw unavailable(this.#options.target, "broker", toError(outcome.reason));
      this.#options.onWarning("Redis refuses to take over from the last connection", outcome.reason);
    }
  }

  async #listen(): Promise<Listener> {
    this.#subscriber ??= this.#openListener();
    try {
      const listener = await this.#subscriber;
      if (this.#over) listener.client.disconnect();
      return listener;
    } catch (error) {
      this.#finish(toError(error));
      throw error;
    }
  }

  async #openListener(): Promise<Listener> {
    const { client, ended } = await openRedis(this.#options.target, {
      timeoutMs: this.#timeoutMs,
      role: "broker",
    });
    void ended.then((reason) => this.#finish(reason));
    const id = client.client("ID");
    id.catch(() => undefined);
    return { client, id };
  }

  /** Ends this life, once: with a reason when it was not closed. */
  #finish(reason: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#leases.abandon();
    void this.#leases.stop();
    void this.#bindings.stop();
    void this.#dueWatch.stop();
    this.#client.disconnect();
    void this.#subscriber?.then(({ client }) => client.disconnect()).catch(() => undefined);
    this.#wakeUps.wakeAll();
    this.#end(reason === undefined ? undefined : unavailable(this.#options.target, "broker", reason));
  }

  #gone(): BrokerError {
    return new BrokerError(
      "broker_unavailable",
      `Redis ${this.#options.target.description}: the connection has ended.`,
    );
  }

  /** The error for a failed call. A server that became a replica, or is loading, ends this life: another may do better. */
  #failure(error: unknown, inFlight: "broker_unavailable" | "broker_unconfirmed"): BrokerError {
    const { description } = this.#options.target;
    if (!isRefusal(error)) {
      const cause = toError(error);
      return new BrokerError(inFlight, `Redis ${description}: ${cause.message}`, { cause });
    }
    if (/^(?:READONLY|LOADING|MASTERDOWN)\b/.test(error.message)) {
      this.#finish(error);
      return new BrokerError("broker_unavailable", `Redis ${description}: ${error.message}`, {
        cause: error,
      });
    }
    return refused(this.#options.target, error);
  }

  /** Runs a question or a change that may be repeated. */
  async #ask<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#over) throw this.#gone();
    try {
      return await work();
    } catch (error) {
      throw this.#failure(error, "broker_unavailable");
    }
  }

  async put(entries: readonly StoreEntry[]): Promise<void> {
    // Not even sent then, and so safe to repeat.
    if (this.#over || this.#client.status !== "ready") throw this.#gone();
    const lists = new Map<string, string[]>();
    for (const { queue, payload, priority } of entries) {
      const key = listKey(this.#options.layout, queue, priority);
      const payloads = lists.get(key);
      if (payloads === undefined) lists.set(key, [payload]);
      else payloads.push(payload);
    }
    const pushes = [...lists].map(([key, payloads]) => this.#client.lpush(key, ...payloads));
    const outcomes = await Promise.allSettled(pushes);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw this.#failure(failed.reason, "broker_unconfirmed");
  }

  async take(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    if (this.#over || this.#closing !== undefined) throw this.#gone();
    for (const queue of queues) this.#taken.add(queue);
    this.#dueWatch.start();
    const claim = this.#claim(queues, max);
    this.#claiming.add(claim);
    try {
      return await claim;
    } finally {
      this.#claiming.delete(claim);
    }
  }

  async #claim(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    try {
      return await this.#claims.take(queues, max);
    } catch (error) {
      if (isRefusal(error)) return this.#claimRefused(error);
      throw this.#failure(error, "broker_unavailable");
    }
  }

  /** The server cannot claim now. The consumer goes on as if there were nothing, and finds out when there is. */
  async #claimRefused(error: Error): Promise<readonly ClaimedMessage[]> {
    const failure = this.#failure(error, "broker_unavailable");
    if (this.#over) throw failure;
    if (performance.now() - this.#warnedAtMs > 60_000) {
      this.#warnedAtMs = performance.now();
      this.#options.onWarning(
        isTemporaryRefusal(error) ? "Redis is not able to deliver now" : "Redis refuses to deliver",
        failure,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
    return [];
  }

  takeAndForget(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    return this.#ask(() => this.#claims.pop(queues, max));
  }

  async waitForMessages(queues: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#ask(() => this.#wakeUps.wait(this.#claims.lists(queues), signal));
  }

  async settle(acks: readonly string[], requeues: readonly string[]): Promise<void> {
    await this.#settle({ ...NOTHING, acks, requeues });
  }

  async release(tags: readonly string[]): Promise<void> {
    await this.#settle({ ...NOTHING, releases: tags });
  }

  async park(claims: readonly ClaimToPark[]): Promise<void> {
    await this.#settle({ ...NOTHING, parks: claims });
    this.#dueWatch.expect(Math.min(...claims.map(({ untilMs }) => untilMs)) - Date.now());
  }

  /** What cannot be settled now is settled by the next life, or with the next sign of life: the caller has done its part. */
  async #settle(settlements: Unsettled): Promise<void> {
    if (this.#over) {
      this.#options.ledger.note(settlements);
      this.#options.ledger.sendNoted();
      return;
    }
    try {
      await this.#leases.settleOrNote(settlements);
    } catch (error) {
      if (!isRefusal(error)) return;
      this.#options.onWarning(
        "Redis refused acknowledgements; they are sent again",
        this.#failure(error, "broker_unavailable"),
      );
    }
  }

  #sendNoted(): void {
    if (this.#over) return;
    this.#leases.settleNoted().catch((error: unknown) => {
      if (isRefusal(error))
        this.#options.onWarning("Redis refused acknowledgements; they are sent again", error);
    });
  }

  bind(binding: Binding): Promise<void> {
    return this.#ask(() => this.#bindings.add(binding));
  }

  bindings(exchange: string): Promise<readonly Binding[]> {
    return this.#ask(() => this.#bindings.read(exchange));
  }

  async broadcast(exchange: string, routingKey: string, payload: string): Promise<boolean> {
    const topic = fanoutTopic(this.#options.layout, exchange, routingKey);
    return (await this.#ask(() => this.#client.publish(topic, payload))) > 0;
  }

  subscribe(
    exchange: string,
    routingKeyPattern: string,
    onPayload: (payload: string, routingKey: string) => void,
  ): Promise<Subscription> {
    return this.#ask(() => this.#fanout.subscribe(exchange, routingKeyPattern, onPayload));
  }

  async size(queue: string): Promise<number> {
    const lists = listKeys(this.#options.layout, queue);
    const sizes = await this.#ask(() => Promise.all(lists.map((list) => this.#client.llen(list))));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  facts(queue: string): Promise<QueueFacts> {
    return this.#ask(() => queueFacts(this.#client, this.#options.layout, queue));
  }

  peek(queue: string, offset: number, limit: number): Promise<readonly string[]> {
    return this.#ask(() => peekQueue(this.#client, this.#options.layout, queue, { offset, limit }));
  }

  epoch(): Promise<BrokerEpoch> {
    return this.#ask(() => readEpoch(this.#client, this.#options.layout));
  }

  purge(queue: string): Promise<number> {
    const { layout } = this.#options;
    const [lists, parked] = [listKeys(layout, queue), parkedKeys(layout, queue)];
    return this.#ask(async () => {
      const work = this.#client.multi();
      for (const list of lists) work.llen(list);
      for (const set of parked) work.zcard(set);
      const outcomes = (await work.del(...lists, ...parked).exec()) ?? [];
      return outcomes.slice(0, -1).reduce((sum, [, size]) => sum + Number(size), 0);
    });
  }

  /** A list exists while it holds something: there is nothing to create. */
  async createQueue(): Promise<void> {}

  async deleteQueue(queue: string): Promise<void> {
    await this.#ask(async () => {
      await this.#bindings.removeQueue(queue);
      const { layout } = this.#options;
      await this.#client.del(...listKeys(layout, queue), ...parkedKeys(layout, queue));
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#over) return;
    await Promise.allSettled([...this.#claiming]);
    await Promise.all([this.#leases.stop(), this.#bindings.stop(), this.#dueWatch.stop()]);
    try {
      await this.#leases.releaseAll();
    } catch (error) {
      this.#options.onWarning(
        "Unacknowledged messages could not be given back; other workers will take them",
        error,
      );
    }
    this.#finish(undefined);
  }
}

function refused(target: RedisTarget, cause: Error): BrokerError {
  return new BrokerError("broker_refused", `Redis ${target.description} refused: ${cause.message}`, {
    cause,
  });
}

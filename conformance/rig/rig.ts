/** The runner's own end of a broker and a result store: it produces, reads results, listens to events and sends commands. */
import {
  type App,
  ask,
  broadcast,
  type ClusterEvent,
  createApp,
  createEventReceiver,
  deadLetterQueue,
  type EventReceiver,
  visitDeadLetters,
} from "../../app/index.ts";
import { isReady, type PlainObject, type ResultDocument } from "../../protocol/index.ts";
import type { Delivery, QueueSpec } from "../../transports/index.ts";
import type { Stored, Wire } from "../ccp/messages.ts";
import { readResult, toMessage } from "../expect/read-call.ts";
import type { Step } from "../suite/scenario.ts";
import type { TaggedObject } from "../values/tagged.ts";
import { pushText, secondsToLive, storeBytes, storeChordSize } from "./raw-redis.ts";
import { ResultChannels } from "./result-channels.ts";
import type { Servers } from "./servers.ts";

/** How often a store is asked that does not tell by itself, in milliseconds. */
const POLL_MS = 25;
/** Longest wait for the first reply to a command, and for another one, in milliseconds. */
const REPLY_MS = 10_000;
const NEXT_REPLY_MS = 150;
/** Letters looked at in search of one. */
const MAX_LETTERS = 1000;
/** Events kept of a run. */
const MAX_EVENTS = 100_000;

export class Rig {
  readonly servers: Servers;
  readonly #app: App;
  readonly #events: ClusterEvent[] = [];
  #receiver: Promise<EventReceiver> | undefined;
  #channels: Promise<ResultChannels> | undefined;

  constructor(servers: Servers) {
    this.servers = servers;
    this.#app = createApp({
      env: {},
      brokerUrl: servers.brokerUrl,
      resultBackend: servers.backendUrl,
      exactFloats: true,
      acceptContent: ["json", "yaml", "msgpack", "pickle"],
      // What a worker tells of itself is for the report, not for the terminal.
      onWarning: () => undefined,
    });
  }

  async declare(queue: string): Promise<void> {
    await (await this.#app.connection()).declareQueue(specOf(queue));
  }

  /** Resolves when the broker has the message. */
  async put(queue: string, wire: Wire): Promise<void> {
    if ("envelope" in wire) return await pushText(this.servers.brokerUrl, queue, wire.envelope);
    const message = toMessage(wire);
    const isRpc = this.servers.backendUrl.startsWith("rpc");
    const properties = { ...message.properties, ...(isRpc && { replyTo: this.#app.replyTo }) };
    // Without its queue an answer has nowhere to go.
    if (isRpc) await (await this.#app.backend()).prepare?.();
    const connection = await this.#app.connection();
    await connection.publish({ ...message, properties }, { exchange: "", routingKey: queue });
  }

  /** The next message of a queue, taken off it; undefined when none comes in time. */
  async take(queue: string, withinMs: number): Promise<Delivery | undefined> {
    const connection = await this.#app.connection();
    const consumer = connection.consume([specOf(queue)], { prefetch: 1 });
    const timer = setTimeout(() => void consumer.close(), withinMs);
    try {
      for await (const [delivery] of consumer) {
        if (delivery === undefined) continue;
        delivery.ack();
        return delivery;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
      await consumer.close();
    }
  }

  async ready(queue: string): Promise<number> {
    return await (await this.#app.connection()).queueSize(queue);
  }

  /** What is stored of a task at this moment. Rejects with DecodeError. */
  async stored(taskId: string): Promise<ResultDocument | undefined> {
    return await (await this.#app.backend()).get(taskId);
  }

  /** The first document of that state, or in any final state; undefined when none comes in time. Rejects with DecodeError. */
  async result(
    taskId: string,
    state: string | undefined,
    withinMs: number,
  ): Promise<ResultDocument | undefined> {
    return await poll(withinMs, async () => {
      const document = await this.stored(taskId);
      if (document === undefined) return undefined;
      return document.status === state || isReady(document.status) ? document : undefined;
    });
  }

  /** Stores a result's bytes as they are. */
  async store(taskId: string, { body_b64 }: Stored): Promise<void> {
    await storeBytes(this.servers.backendUrl, taskId, Buffer.from(body_b64, "base64"));
  }

  /** Starts to listen to what these steps look for: it may come before them. */
  async hear(steps: readonly Step[]): Promise<void> {
    const kinds = new Set(steps.map((step) => step.do));
    if (kinds.has("event") || kinds.has("no-event")) await this.listen();
    if (!kinds.has("told") || !this.servers.backendUrl.startsWith("redis")) return;
    this.#channels ??= ResultChannels.open(this.servers.backendUrl);
    await this.#channels;
  }

  /** Views of the documents that were told of a task, as soon as one of them fits or the time is over. Rejects with DecodeError. */
  async told(
    taskId: string,
    fits: (view: TaggedObject) => boolean,
    withinMs: number,
  ): Promise<readonly TaggedObject[]> {
    const channels = await this.#channels;
    const read = (): Promise<readonly TaggedObject[]> =>
      Promise.all(
        (channels?.of(taskId) ?? []).map((bytes) =>
          readResult({ serializer: "json", body_b64: bytes.toString("base64") }),
        ),
      );
    const found = await poll(withinMs, async () => {
      const views = await read();
      return views.some(fits) ? views : undefined;
    });
    return found ?? (await read());
  }

  /** How long a task's document is kept, in seconds; undefined without an end. */
  async secondsToLive(taskId: string): Promise<number | undefined> {
    return await secondsToLive(this.servers.backendUrl, taskId);
  }

  /** Notes the size of a chord's header as its producer does; other stores than Redis keep none. */
  async noteChord(groupId: string, size: number): Promise<void> {
    if (this.servers.backendUrl.startsWith("redis"))
      await storeChordSize(this.servers.backendUrl, groupId, size);
  }

  /** Starts to listen to events, once; on brokers without them nothing ever comes. */
  async listen(): Promise<void> {
    this.#receiver ??= this.#startReceiver();
    await this.#receiver;
  }

  async #startReceiver(): Promise<EventReceiver> {
    const receiver = createEventReceiver({
      app: this.#app,
      wakeUp: false,
      onEvent: (event) => {
        if (this.#events.length < MAX_EVENTS) this.#events.push(event);
      },
    });
    await receiver.start();
    return receiver;
  }

  /** The first event that fits, seen already or to come; undefined when none comes in time. */
  async event(fits: (event: ClusterEvent) => boolean, withinMs: number): Promise<ClusterEvent | undefined> {
    return await poll(withinMs, async () => this.#events.find(fits));
  }

  /** How many events that fit were seen. */
  countEvents(fits: (event: ClusterEvent) => boolean): number {
    return this.#events.filter(fits).length;
  }

  /** The answers of workers by node name; ends soon after the last one, at once for a command without answers. */
  async control(
    method: string,
    given: PlainObject,
    answers: boolean,
  ): Promise<Readonly<Record<string, unknown>>> {
    const times = { timeoutMs: 2 * REPLY_MS, firstMs: REPLY_MS, quietMs: NEXT_REPLY_MS };
    if (answers) return await ask(this.#app, method, { arguments: given, ...times });
    await broadcast(this.#app, method, { arguments: given });
    return {};
  }

  /** Whether a dead letter of the queue belongs to the task. */
  async isDead(queue: string, taskId: string, withinMs: number): Promise<boolean> {
    const found = await poll(withinMs, async () => {
      if ((await this.ready(deadLetterQueue(queue).name)) === 0) return undefined;
      let isThere = false;
      await visitDeadLetters(this.#app, queue, MAX_LETTERS, (letter) => {
        isThere ||= letter.taskId === taskId;
        return "keep";
      });
      return isThere || undefined;
    });
    return found === true;
  }

  async deleteQueue(queue: string): Promise<void> {
    const connection = await this.#app.connection();
    for (const name of [queue, deadLetterQueue(queue).name])
      await connection.deleteQueue(name).catch(() => undefined);
  }

  async close(): Promise<void> {
    await (await this.#receiver)?.stop();
    (await this.#channels)?.close();
    await this.#app.close();
  }
}

/** As kombu declares the queue of a worker: bound to a direct exchange of its name. */
function specOf(name: string): QueueSpec {
  return { name, exchange: { name, type: "direct" } };
}

async function poll<Found>(
  withinMs: number,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || Date.now() >= until) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

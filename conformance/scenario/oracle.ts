/**
 * A real Celery beside the implementation under test: it publishes what workers are to run, instead of the recorded
 * messages, and runs what producers have published.
 */
import { type AmqpWire, type Call, withTaskId } from "../ccp/messages.ts";
import type { SessionOptions } from "../ccp/session.ts";
import type { Rig } from "../rig/rig.ts";
import type { Difference } from "../values/compare.ts";
import { Peer } from "./peer.ts";
import { wrong } from "./stage.ts";
import { WorkerHouse } from "./worker-house.ts";

/** What a worker stores of a task that it does not know: it has understood the message. */
const UNKNOWN = "NotRegistered";
const RUN_MS = 20_000;
/** What producers are free to send. */
const ACCEPTS_ALL = { CONF_ACCEPT: "json,yaml,msgpack,pickle" };

export class Oracle {
  readonly #session: SessionOptions;
  readonly #rig: Rig;
  /** By the queue that they publish to. */
  readonly #producers = new Map<string, Promise<Peer>>();
  #worker: WorkerHouse | undefined;

  constructor(session: SessionOptions, rig: Rig) {
    this.#session = session;
    this.#rig = rig;
  }

  /** Whether it is of the minor version that something was recorded from. Rejects with Unanswered. */
  async isOf(queue: string, { celery = "" }: Readonly<Record<string, string>>): Promise<boolean> {
    return minorOf((await this.#producer(queue)).info.version) === minorOf(celery);
  }

  /** Has Celery publish a call. Rejects with Unanswered. */
  async publish(queue: string, call: Call, taskId: string): Promise<void> {
    await (await this.#producer(queue)).ask({ cmd: "publish", call: withTaskId(call, taskId) });
  }

  #producer(queue: string): Promise<Peer> {
    const known = this.#producers.get(queue) ?? this.#startProducer(queue);
    this.#producers.set(queue, known);
    return known;
  }

  async #startProducer(queue: string): Promise<Peer> {
    const peer = await Peer.start(this.#session);
    await peer.configure({ servers: this.#rig.servers, queue });
    return peer;
  }

  /** Has a worker of Celery run a message; resolves to what is wrong. Rejects with Unanswered. */
  async run(taskId: string, wire: AmqpWire): Promise<readonly Difference[]> {
    this.#worker ??= new WorkerHouse(this.#session, this.#rig, { env: ACCEPTS_ALL });
    await this.#worker.ensure();
    await this.#rig.put(this.#worker.queue, wire);
    const document = await this.#rig.result(taskId, undefined, RUN_MS);
    if (document === undefined) return wrong("a real Celery worker stores no result for it");
    const error = document.result as { readonly exc_type?: unknown } | null;
    if (document.status === "SUCCESS" || error?.exc_type === UNKNOWN) return [];
    return wrong("a real Celery worker fails to run it", "SUCCESS", document.status);
  }

  async close(): Promise<void> {
    const producers = await Promise.allSettled(this.#producers.values());
    await Promise.all(
      producers.map((started) => (started.status === "fulfilled" ? started.value.stop() : undefined)),
    );
    await this.#worker?.close();
  }
}

function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

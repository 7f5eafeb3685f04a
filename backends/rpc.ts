/**
 * `rpc://`: results are messages to the process that sent the task. Source: celery/backends/rpc.py of 5.7. One queue a
 * process; every state is a message of its own, correlated by the task's id, and only that process ever sees it.
 */
import { setTimeout as after } from "node:timers/promises";
import {
  BackendError,
  BrokerError,
  CelerityError,
  DecodeError,
  isReady,
  parseResultDocument,
  type ResultDocument,
  type ResultTuple,
  type Route,
  toError,
  type WireMessage,
} from "../protocol/index.ts";
import type { Connection, Consumer, Delivery, QueueSpec } from "../transports/index.ts";
import { orDecodeError } from "./group-record.ts";
import type {
  BackendOptions,
  FoundDocument,
  ResultBackend,
  ResultEntry,
  WaitOptions,
} from "./result-backend.ts";
import { createResultWaiters, type ResultWaiters } from "./result-waiters.ts";

/** Documents kept for ids that nobody asked about yet. Option `maxResults`. */
const MAX_RESULTS = 10_000;
/** How long storing is tried again, by default. Option `storeBudgetMs`. */
const STORE_BUDGET_MS = 60_000;
/** Wait before a lost broker is tried again; the connection itself waits longer where it must. */
const RETRY_MS = 500;

/** What came for a task: its newest document, or why that cannot be read. */
interface Received {
  readonly outcome: ResultDocument | Error;
  readonly atMs: number;
}

/** A result on its way. */
interface Reply {
  readonly message: WireMessage;
  readonly route: Route;
}

/** `connection` answers with the broker connection that results travel on; when that ends it is asked again. */
export function createRpcBackend(
  options: BackendOptions,
  connection: () => Promise<Connection>,
): ResultBackend {
  return new RpcBackend(options, connection);
}

class RpcBackend implements ResultBackend {
  readonly name = "rpc";
  readonly replyTo: string;
  readonly shared = false;
  readonly #options: BackendOptions;
  readonly #connect: () => Promise<Connection>;
  readonly #queue: QueueSpec;
  readonly #maxResults: number;
  readonly #storeBudgetMs: number;
  readonly #waiters: ResultWaiters = createResultWaiters();
  /** In the order of arrival. */
  readonly #received = new Map<string, Received>();
  readonly #stop = new AbortController();
  #prepared: Promise<void> | undefined;
  #receiving: Promise<void> | undefined;
  #consumer: Consumer | undefined;

  constructor(options: BackendOptions, connect: () => Promise<Connection>) {
    const { replyTo, expiresSeconds, transportOptions } = options;
    this.#options = options;
    this.#connect = connect;
    this.replyTo = replyTo;
    this.#queue = {
      name: replyTo,
      durable: true,
      autoDelete: true,
      ...(expiresSeconds > 0 && { expiresMs: Math.ceil(expiresSeconds * 1000) }),
    };
    this.#maxResults = Number(transportOptions["maxResults"] ?? MAX_RESULTS);
    this.#storeBudgetMs = Number(transportOptions["storeBudgetMs"] ?? STORE_BUDGET_MS);
  }

  /** Without its queue a result has nowhere to go. Asked before every task, so answered from memory once it is there. */
  async prepare(): Promise<void> {
    this.#requireOpen();
    this.#prepared ??= this.#declare().catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    await this.#prepared;
  }

  async #declare(): Promise<void> {
    await (await this.#connect()).declareQueue(this.#queue);
    this.#receiving ??= this.#receive();
  }

  async #receive(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const connection = await this.#connect();
        await connection.declareQueue(this.#queue);
        this.#consumer = connection.consume([this.#queue], { prefetch: 0, noAck: true });
        if (this.#stop.signal.aborted) await this.#consumer.close();
        for await (const batch of this.#consumer)
          await Promise.all(batch.map((delivery) => this.#take(delivery)));
      } catch (error) {
        if (this.#stop.signal.aborted || hasCode(error, "closed")) return;
        this.#options.onWarning("Results cannot be received; trying again", error);
      }
      await this.#pause();
    }
  }

  async #take(delivery: Delivery): Promise<void> {
    const { message } = delivery;
    const id = message?.properties.correlationId;
    try {
      const document = await this.#decode(message, id);
      if (!this.#keep(document.task_id, document)) return;
      this.#waiters.announce(document);
    } catch (error) {
      if (id === undefined) this.#options.onWarning("A result that names no task was dropped", error);
      else if (this.#keep(id, toError(error))) this.#waiters.fail(id, toError(error));
    }
  }

  async #decode(message: WireMessage | undefined, id: string | undefined): Promise<ResultDocument> {
    const { encoding } = this.#options;
    if (message === undefined) throw new DecodeError("bad_result", "Its AMQP properties cannot be read.");
    if (message.contentType !== encoding.contentType) {
      const types = `${message.contentType}; this process reads ${encoding.contentType}`;
      throw new DecodeError("content_refused", `The result of task ${id} is ${types} (result_serializer).`);
    }
    try {
      const document = parseResultDocument(await encoding.decode(message.body), id ?? "");
      return id === undefined || document.task_id === id ? document : { ...document, task_id: id };
    } catch (error) {
      if (error instanceof CelerityError) throw error;
      const problem = toError(error).message;
      throw new DecodeError("bad_result", `The result of task ${id} cannot be read: ${problem}`, {
        cause: error,
      });
    }
  }

  /** Notes what came for a task; false when it changes nothing. */
  #keep(taskId: string, outcome: ResultDocument | Error): boolean {
    const present = this.#received.get(taskId);
    if (present !== undefined && isFinal(present.outcome, outcome)) return false;
    this.#received.delete(taskId);
    this.#received.set(taskId, { outcome, atMs: Date.now() });
    for (const oldest of this.#received.keys()) {
      if (this.#received.size <= this.#maxResults) break;
      this.#received.delete(oldest);
    }
    return true;
  }

  async store(entries: readonly ResultEntry[]): Promise<void> {
    this.#requireOpen();
    const giveUpAtMs = Date.now() + this.#storeBudgetMs;
    // Nobody waits for the result of a task that came without a reply queue.
    const wanted = entries.filter(({ replyTo }) => replyTo !== undefined && replyTo !== "");
    let left: readonly Reply[] = await Promise.all(wanted.map((entry) => this.#toReply(entry)));
    while (left.length > 0) {
      const failed = await this.#send(left);
      left = failed.replies;
      if (left.length === 0) return;
      if (Date.now() >= giveUpAtMs) {
        const text = `${left.length} results could not be sent: ${toError(failed.error).message}`;
        throw new BackendError("backend_unavailable", text, { cause: failed.error });
      }
      await this.#pause();
      this.#requireOpen();
    }
  }

  async #toReply({ document, replyTo = "", correlationId }: ResultEntry): Promise<Reply> {
    const { encoding, transportOptions } = this.#options;
    const message: WireMessage = {
      body: await encoding.encode(document),
      contentType: encoding.contentType,
      contentEncoding: encoding.contentEncoding,
      headers: {},
      properties: {
        correlationId: correlationId ?? document.task_id,
        deliveryMode: transportOptions["persistent"] === true ? 2 : 1,
        priority: 0,
      },
    };
    return { message, route: { exchange: "", routingKey: replyTo } };
  }

  /** Resolves with what may succeed another time. Rejects for what never will. */
  async #send(
    replies: readonly Reply[],
  ): Promise<{ readonly replies: readonly Reply[]; readonly error: unknown }> {
    // What ends the connection ends every publish with the same error.
    const connecting = this.#connect();
    const outcomes = await Promise.allSettled(
      replies.map(async ({ message, route }) => (await connecting).publish(message, route)),
    );
    const failed: Reply[] = [];
    let lastError: unknown;
    for (const [index, outcome] of outcomes.entries()) {
      // The process that sent the task is gone, and its queue with it; Celery drops such results as well.
      if (outcome.status === "fulfilled" || hasCode(outcome.reason, "unroutable")) continue;
      if (!(outcome.reason instanceof BrokerError) || hasCode(outcome.reason, "closed")) throw outcome.reason;
      lastError = outcome.reason;
      failed.push(...replies.slice(index, index + 1));
    }
    return { replies: failed, error: lastError };
  }

  async get(taskId: string): Promise<ResultDocument | undefined> {
    this.#requireOpen();
    return this.#newest(taskId);
  }

  async getMany(taskIds: readonly string[]): Promise<readonly FoundDocument[]> {
    return Promise.all(taskIds.map((id) => this.get(id).catch(orDecodeError)));
  }

  saveGroup(): Promise<void> {
    return Promise.reject(noGroups());
  }

  restoreGroup(): Promise<ResultTuple | undefined> {
    return Promise.reject(noGroups());
  }

  deleteGroup(): Promise<void> {
    return Promise.reject(noGroups());
  }

  #newest(taskId: string): ResultDocument | undefined {
    const received = this.#received.get(taskId);
    if (received === undefined || this.#isExpired(received)) return undefined;
    if (received.outcome instanceof Error) throw received.outcome;
    return received.outcome;
  }

  #isExpired({ atMs }: Received): boolean {
    const { expiresSeconds } = this.#options;
    return expiresSeconds > 0 && Date.now() - atMs > expiresSeconds * 1000;
  }

  async wait(taskId: string, options: WaitOptions = {}): Promise<ResultDocument> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const present = this.#newest(taskId);
    if (present !== undefined) {
      options.onChange?.(present);
      if (isReady(present.status)) return present;
    }
    if (this.#receiving === undefined)
      this.prepare().catch((error: unknown) => this.#waiters.fail(taskId, toError(error)));
    return await this.#waiters.wait(taskId, options);
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    for (const id of taskIds) this.#received.delete(id);
  }

  /** The queue goes when nobody has listened for `result_expires`; what was received goes here. */
  async cleanup(): Promise<number> {
    const expired = [...this.#received].filter(([, received]) => this.#isExpired(received));
    for (const [id] of expired) this.#received.delete(id);
    return expired.length;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#waiters.close();
    await this.#consumer?.close();
  }

  async #pause(): Promise<void> {
    await after(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #requireOpen(): void {
    if (this.#stop.signal.aborted) throw new CelerityError("closed", "The result backend is closed.");
  }
}

/** States may overtake each other when a message is sent again, and a task may run twice. */
function isFinal(present: ResultDocument | Error, next: ResultDocument | Error): boolean {
  if (present instanceof Error) return false;
  return (
    present.status === "SUCCESS" ||
    (isReady(present.status) && (next instanceof Error || !isReady(next.status)))
  );
}

function hasCode(error: unknown, code: "unroutable" | "closed"): boolean {
  return error instanceof CelerityError && error.code === code;
}

/** As in Celery: nobody but the sender could restore a group. */
function noGroups(): CelerityError {
  return new CelerityError(
    "unsupported",
    "The result backend rpc:// keeps no groups; use redis:// or db+... to save and restore them.",
  );
}

/** Events for monitors: worker heartbeats always, task events when switched on. Source: celery/events, celery/worker/heartbeat.py. */
import { loadavg, platform } from "node:os";
import { andThen, encodeBody, type Serializer } from "../codecs/index.ts";
import { describeException, pythonRepr } from "../protocol/index.ts";
import type { Connection } from "../transports/index.ts";
import { VERSION } from "../version.ts";
import type { Refusal } from "./intake.ts";
import type { Job } from "./job.ts";
import type { LamportClock } from "./lamport-clock.ts";
import type { Outcome } from "./outcome.ts";

/** Setting event_exchange of Celery, at its default. */
export const EVENT_EXCHANGE = "celeryev";
/** Seconds between heartbeats; monitors take a worker for dead after twice that. */
const HEARTBEAT_SECONDS = 2;
/** Task events in one message at most; Celery flushes at 24. */
const MAX_EVENTS = 100;
/** Length of a result's repr in an event, in characters. */
const MAX_RESULT_REPR = 1024;

export interface EventSenderOptions {
  readonly connection: Connection;
  readonly hostname: string;
  readonly clock: LamportClock;
  readonly serializer: Serializer;
  readonly taskEvents: boolean;
  readonly load: () => { readonly active: number; readonly processed: number };
  readonly onWarning: (message: string, error?: unknown) => void;
}

type Facts = Readonly<Record<string, unknown>>;

/** Sends nothing on brokers without fanout (SQL), as Celery. */
export class EventSender {
  readonly #options: EventSenderOptions;
  readonly #available: boolean;
  #taskEvents: boolean;
  #buffer: Facts[] = [];
  #heart: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#available = options.connection.capabilities.eventExchangeType !== undefined;
    this.#taskEvents = options.taskEvents;
  }

  get taskEventsEnabled(): boolean {
    return this.#taskEvents;
  }

  set taskEventsEnabled(enabled: boolean) {
    this.#taskEvents = enabled;
  }

  start(): void {
    if (!this.#available) return;
    this.heartbeat("worker-online");
    this.#heart = setInterval(() => this.heartbeat("worker-heartbeat"), HEARTBEAT_SECONDS * 1000);
    this.#heart.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#heart);
    if (this.#available) this.heartbeat("worker-offline");
    this.#flush();
    await this.#sending;
  }

  /** One event about the worker itself. */
  heartbeat(type: "worker-online" | "worker-heartbeat" | "worker-offline"): void {
    if (!this.#available) return;
    const { active, processed } = this.#options.load();
    const software = { sw_ident: "celerity", sw_ver: VERSION, sw_sys: systemName() };
    const event = this.#event(type, {
      freq: HEARTBEAT_SECONDS,
      active,
      processed,
      loadavg: loadavg(),
      ...software,
    });
    this.#publish(type.replaceAll("-", "."), event);
  }

  /** An event of another type about the worker; its fields are the caller's. */
  send(type: `worker-${string}`, facts: Facts): void {
    if (this.#available) this.#publish(type.replaceAll("-", "."), this.#event(type, facts));
  }

  received(job: Job): void {
    if (!this.#wanted(job)) return;
    const { request } = job;
    this.#task("task-received", job, {
      name: request.task,
      args: request.headers["argsrepr"] ?? "",
      kwargs: request.headers["kwargsrepr"] ?? "",
      root_id: request.rootId,
      parent_id: request.parentId ?? null,
      retries: request.retries,
      eta: request.headers["eta"] ?? null,
      expires: request.headers["expires"] ?? null,
    });
  }

  started(job: Job): void {
    if (this.#wanted(job)) this.#task("task-started", job, {});
  }

  ended(job: Job, outcome: Outcome): void {
    if (!this.#wanted(job)) return;
    const event = describeEnd(job, outcome);
    if (event !== undefined) this.#task(event.type, job, event.facts);
  }

  /** A message that was not run. */
  refused({ taskId, exception }: Refusal): void {
    if (!this.#available || !this.#taskEvents || taskId === undefined) return;
    this.#add(
      this.#event("task-failed", { uuid: taskId, exception: describeException(exception), traceback: "" }),
    );
  }

  #wanted({ task }: Job): boolean {
    return this.#taskEvents && this.#available && task.options.sendEvents !== false;
  }

  #task(type: string, { request }: Job, facts: Facts): void {
    this.#add(this.#event(type, { uuid: request.id, ...facts }));
  }

  #event(type: string, facts: Facts): Facts {
    const { hostname, clock } = this.#options;
    return {
      hostname,
      utcoffset: new Date().getTimezoneOffset() / 60,
      pid: process.pid,
      clock: clock.forward(),
      ...facts,
      timestamp: Date.now() / 1000,
      type,
    };
  }

  /** Task events of one turn of the event loop travel as one list, as Celery's do. */
  #add(event: Facts): void {
    this.#buffer.push(event);
    if (this.#buffer.length === 1) setImmediate(() => this.#flush());
    if (this.#buffer.length >= MAX_EVENTS) this.#flush();
  }

  #flush(): void {
    if (this.#buffer.length === 0) return;
    const events = this.#buffer;
    this.#buffer = [];
    this.#publish("task.multi", events);
  }

  #publish(routingKey: string, event: unknown): void {
    const { connection, serializer, hostname, onWarning } = this.#options;
    const sent = andThen(encodeBody(event, serializer), ({ body, contentType, contentEncoding }) =>
      connection.publish(
        {
          body,
          contentType,
          contentEncoding,
          headers: { hostname },
          properties: { deliveryMode: 1, priority: 0 },
        },
        { exchange: EVENT_EXCHANGE, routingKey, optional: true },
      ),
    );
    this.#sending = Promise.all([this.#sending, sent]).then(
      () => undefined,
      (error: unknown) => onWarning("An event could not be sent", error),
    );
  }
}

/** Declares the event exchange and returns the sender. */
export function createEventSender(options: EventSenderOptions): EventSender {
  const type = options.connection.capabilities.eventExchangeType;
  if (type !== undefined) {
    options.connection.declareExchange({ name: EVENT_EXCHANGE, type }).catch((error: unknown) => {
      options.onWarning("The event exchange could not be declared", error);
    });
  }
  return new EventSender(options);
}

/** Python's platform.system(): `Linux`, `Darwin`, `Windows`. */
function systemName(): string {
  const names: Readonly<Record<string, string>> = { linux: "Linux", darwin: "Darwin", win32: "Windows" };
  return names[platform()] ?? platform();
}

/** The event that an outcome causes, undefined for an ignored task. */
function describeEnd(
  job: Job,
  outcome: Outcome,
): { readonly type: string; readonly facts: Facts } | undefined {
  switch (outcome.state) {
    case "SUCCESS": {
      const runtime = job.startedAtMs === undefined ? null : (Date.now() - job.startedAtMs) / 1000;
      return {
        type: "task-succeeded",
        facts: { result: pythonRepr(outcome.result, MAX_RESULT_REPR), runtime },
      };
    }
    case "FAILURE":
    case "RETRY": {
      const facts = { exception: describeException(outcome.exception), traceback: outcome.traceback ?? "" };
      return { type: outcome.state === "RETRY" ? "task-retried" : "task-failed", facts };
    }
    case "REVOKED": {
      const { exception, signum = null } = outcome;
      const expired = exception.exc_message[0] === "expired";
      return { type: "task-revoked", facts: { terminated: signum !== null, signum, expired } };
    }
    case "REJECTED":
      return { type: "task-rejected", facts: { requeue: outcome.requeue } };
    case "LOST":
    case "IGNORED":
      return undefined;
  }
}

/** Events for monitors: worker heartbeats always, task events when switched on. Source: celery/events, celery/worker/heartbeat.py. */
import { loadavg, platform } from "node:os";
import type { LamportClock } from "../app/index.ts";
import type { Serializer } from "../codecs/index.ts";
import type { ReconnectingConnection } from "../transports/index.ts";
import { VERSION } from "../version.ts";
import {
  type EventFacts,
  endFacts,
  exceptionRepr,
  type Facts,
  receivedFacts,
  rejectedFacts,
} from "./event-facts.ts";
import { EventOutbox } from "./event-outbox.ts";
import type { Refusal } from "./intake.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";
import type { Verdict } from "./verdict.ts";

/** Seconds between heartbeats; monitors take a worker for dead after twice that. */
const HEARTBEAT_SECONDS = 2;
/** What a heartbeat that somebody asked for says instead. */
const ASKED_HEARTBEAT_SECONDS = 5;

export interface EventSenderOptions {
  readonly connection: ReconnectingConnection;
  readonly hostname: string;
  readonly clock: LamportClock;
  readonly serializer: Serializer;
  /** Setting eventExchange. */
  readonly exchange: string;
  readonly taskEvents: boolean;
  /** Told of every event of a task that the broker cannot carry. */
  readonly onUncarried?: ((event: TaskEvent) => void) | undefined;
  /** What the broker is told of an ended task. */
  readonly verdict: (job: Job, outcome: Outcome) => Verdict;
  readonly load: () => { readonly active: number; readonly processed: number };
  /** Called for each heartbeat. */
  readonly onHeartbeat: () => void;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** An event of a task as it is sent, under Celery's names. */
export interface TaskEvent {
  readonly type: string;
  /** Node name. */
  readonly hostname: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly clock: number;
  readonly [field: string]: unknown;
}

/** Told of every task, whether or not events of it are sent. */
export interface TaskObserver {
  received(job: Job): void;
  started(job: Job): void;
  ended(job: Job, outcome: Outcome): void;
  refused(refusal: Refusal): void;
}

/** Sends nothing on brokers without fanout (SQL), as Celery. */
export class EventSender {
  readonly #options: EventSenderOptions;
  readonly #available: boolean;
  readonly #outbox: EventOutbox;
  readonly #observers = new Set<TaskObserver>();
  #taskEvents: boolean;
  #heart: NodeJS.Timeout | undefined;

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#available = options.connection.capabilities.eventExchangeType !== undefined;
    this.#outbox = new EventOutbox(options);
    this.#taskEvents = options.taskEvents;
  }

  get taskEventsEnabled(): boolean {
    return this.#taskEvents;
  }

  set taskEventsEnabled(enabled: boolean) {
    this.#taskEvents = enabled;
  }

  /** Returns what ends it. */
  observe(observer: TaskObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  start(): void {
    this.#beat("worker-online");
    // An old heartbeat is no news: those that the broker missed are not made up for.
    const beat = (): void => {
      if (this.#options.connection.connected) this.#beat("worker-heartbeat");
    };
    this.#heart = setInterval(beat, HEARTBEAT_SECONDS * 1000);
    this.#heart.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#heart);
    this.#beat("worker-offline");
    await this.#outbox.close();
  }

  /** The answer to the control command `heartbeat`; as Celery's, it does not tell of the load. */
  heartbeat(): void {
    this.send("worker-heartbeat", { freq: ASKED_HEARTBEAT_SECONDS, ...SOFTWARE });
  }

  #beat(type: "worker-online" | "worker-heartbeat" | "worker-offline"): void {
    this.#options.onHeartbeat();
    const { active, processed } = this.#options.load();
    const load = loadavg().map((average) => Math.round(average * 100) / 100);
    this.send(type, { freq: HEARTBEAT_SECONDS, active, processed, loadavg: load, ...SOFTWARE });
  }

  /** An event about the worker; its fields are the caller's. */
  send(type: `worker-${string}`, facts: Facts): void {
    if (this.#available) this.#outbox.add(type.replaceAll("-", "."), this.#event(type, facts));
  }

  received(job: Job): void {
    for (const observer of this.#observers) observer.received(job);
    if (this.#isWanted(job)) this.#task(job, receivedFacts(job));
  }

  started(job: Job): void {
    for (const observer of this.#observers) observer.started(job);
    if (this.#isWanted(job)) this.#task(job, ["task-started", {}]);
  }

  ended(job: Job, outcome: Outcome): void {
    for (const observer of this.#observers) observer.ended(job, outcome);
    if (!this.#isWanted(job)) return;
    const verdict = this.#options.verdict(job, outcome);
    for (const facts of endFacts(job, outcome, verdict)) this.#task(job, facts);
  }

  /** Its process died, and it runs once more. */
  requeued(job: Job): void {
    if (this.#isWanted(job)) this.#task(job, rejectedFacts(true));
  }

  /** A cold shutdown ended it. */
  cancelled(job: Job): void {
    if (this.#isWanted(job)) this.#task(job, ["task-cancelled", {}]);
  }

  /** A message that was not run. */
  refused(refusal: Refusal): void {
    for (const observer of this.#observers) observer.refused(refusal);
    const { taskId, exception } = refusal;
    if (!this.#isHeard || taskId === undefined) return;
    const facts = { uuid: taskId, exception: exceptionRepr(exception) };
    this.#tell(this.#event("task-failed", facts));
  }

  #isWanted({ task }: Job): boolean {
    return this.#isHeard && task.options.sendEvents !== false;
  }

  /** Whether events of tasks reach anybody. */
  get #isHeard(): boolean {
    return this.#available ? this.#taskEvents : this.#options.onUncarried !== undefined;
  }

  #task({ request }: Job, [type, facts]: EventFacts): void {
    this.#tell(this.#event(type, { uuid: request.id, ...facts }));
  }

  #tell(event: TaskEvent): void {
    if (this.#available) this.#outbox.addToBatch(event);
    else this.#options.onUncarried?.(event);
  }

  #event(type: string, facts: Facts): TaskEvent {
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
}

/** Declares the event exchange and returns the sender. */
export function createEventSender(options: EventSenderOptions): EventSender {
  const type = options.connection.capabilities.eventExchangeType;
  if (type !== undefined) {
    options.connection.declareExchange({ name: options.exchange, type }).catch((error: unknown) => {
      options.onWarning("The event exchange could not be declared", error);
    });
  }
  return new EventSender(options);
}

const PYTHON_SYSTEMS: Readonly<Record<string, string>> = {
  linux: "Linux",
  darwin: "Darwin",
  win32: "Windows",
};

const SOFTWARE = {
  sw_ident: "celerity",
  sw_ver: VERSION,
  // Python's platform.system().
  sw_sys: PYTHON_SYSTEMS[platform()] ?? platform(),
} as const;

/**
 * What the gateway knows of the workers, of any language: the state of the cluster that their events tell, and what they
 * answer when asked; and telling them what to do. Nothing is listened for until somebody wants to know.
 */
import {
  type App,
  ask,
  broadcast,
  type ClusterEvent,
  ClusterState,
  type ClusterTask,
  type ControlReplies,
  createEventReceiver,
  type EventReceiver,
} from "../../app/index.ts";
import type { PlainObject } from "../../protocol/index.ts";
import { Budget } from "../budget.ts";
import { Problem } from "../problems.ts";
import { FlowerCounts, type FlowerFacts } from "./flower-facts.ts";
import { Inspection } from "./inspection.ts";

export interface FleetOptions {
  readonly app: App;
  /** Ask workers that send no events of tasks to do so, as Flower does, once somebody wants to know of tasks. */
  readonly enableEvents: boolean;
  readonly onWarning: (message: string, error?: unknown) => void;
  /** Told of every event of a task, with what is known of the task by then. */
  readonly onTaskEvent?: (event: ClusterEvent, task: ClusterTask) => void;
}

/** What a worker tells, under Celery's names. */
export interface WorkerEvent {
  readonly type: string;
  /** Node name. */
  readonly hostname: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly clock: number;
  readonly [field: string]: unknown;
}

/** Commands to workers that wait for their answers at one time. */
const MAX_COMMANDS = 100;
/** How long the answer to a command is awaited, in milliseconds; no longer than the workers named take. */
const COMMAND_TIMEOUT_MS = 5000;
/** How long when nobody is named, and none is known. */
const SEARCH_TIMEOUT_MS = 1000;
/** Processes of workers that were told to send events. */
const MAX_TOLD = 5000;
/** How often each is told, with one of its heartbeats. */
const TIMES_TOLD = 4;

export class Fleet {
  readonly state: ClusterState;
  readonly inspection: Inspection;
  readonly #counts = new FlowerCounts();
  readonly #options: FleetOptions;
  readonly #commands = new Budget("commands to workers run", MAX_COMMANDS);
  /** How often each process was told to send events. */
  readonly #told = new Map<string, number>();
  #receiver: EventReceiver | undefined;
  #started: Promise<void> | undefined;
  #wantsTasks = false;
  #closed = false;

  constructor(options: FleetOptions) {
    const { app, onWarning } = options;
    this.#options = options;
    this.state = new ClusterState({ onWarning });
    this.inspection = new Inspection({
      app,
      alive: () => this.state.aliveWorkers().map(({ hostname }) => hostname),
    });
  }

  /** What Flower's metrics say, of all events so far; current at any time. */
  get facts(): FlowerFacts {
    return this.#counts;
  }

  /** Listens for events from now on; resolves when it does. Throws Problem `control-impossible`. Twice is fine. */
  watch(): Promise<void> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /** The same, and workers that tell nothing of their tasks are asked to. */
  watchTasks(): Promise<void> {
    if (!this.#wantsTasks) {
      this.#wantsTasks = true;
      for (const { hostname, pid } of this.state.aliveWorkers()) this.#enableEvents(hostname, pid);
    }
    return this.watch();
  }

  /** Watches, and knows all that answer. Throws Problem `control-impossible`. */
  async survey(options?: { readonly search?: boolean }): Promise<void> {
    await this.watch();
    await this.inspection.refresh(options);
  }

  /** True when there is, or was, a worker of this name. Looks for one that nobody has heard of. Throws as survey(). */
  async hasWorker(name: string): Promise<boolean> {
    await this.watch();
    await (this.#knows(name) ? this.inspection.refresh() : this.inspection.search());
    return this.#knows(name);
  }

  #knows(name: string): boolean {
    return this.state.workers.has(name) || this.inspection.workers.has(name);
  }

  /**
   * Gives workers a command and resolves with their answers, {} when none came; `worker` undefined means all.
   * Throws Problems `control-impossible` and `temporary-reduced-capacity`.
   */
  async command(worker: string | undefined, method: string, given: PlainObject): Promise<ControlReplies> {
    await this.watch();
    const destination =
      worker === undefined ? this.state.aliveWorkers().map(({ hostname }) => hostname) : [worker];
    const timeoutMs = destination.length === 0 ? SEARCH_TIMEOUT_MS : COMMAND_TIMEOUT_MS;
    this.#commands.take();
    try {
      return await ask(this.#options.app, method, { arguments: given, destination, timeoutMs });
    } finally {
      this.#commands.give();
      this.inspection.expire();
    }
  }

  /** The same for a command that workers do not answer. */
  async tell(worker: string, method: string): Promise<void> {
    await this.watch();
    await broadcast(this.#options.app, method, { destination: [worker] });
    this.inspection.expire();
  }

  async #start(): Promise<void> {
    const { app } = this.#options;
    const { capabilities } = await app.connection();
    if (capabilities.eventExchangeType === undefined || !capabilities.exchangeTypes.includes("fanout"))
      throw new Problem("control-impossible");
    const receiver = createEventReceiver({ app, onEvent: (event) => this.#onEvent(event) });
    this.#receiver = receiver;
    try {
      await receiver.start();
    } catch (error) {
      await receiver.stop();
      throw error;
    }
    if (this.#closed) await receiver.stop();
  }

  /** Takes in an event of a worker in this process, unless the broker brings them. */
  hear(event: WorkerEvent): void {
    if (this.#receiver === undefined) this.#onEvent({ ...event, local_received: Date.now() / 1000 });
  }

  #onEvent(event: ClusterEvent): void {
    const { type, hostname, uuid, pid } = event;
    this.state.event(event);
    const task =
      type.startsWith("task-") && typeof uuid === "string" ? this.state.tasks.get(uuid) : undefined;
    if (task !== undefined || type.startsWith("worker-")) this.#counts.observe(event, task);
    if (task !== undefined) this.#options.onTaskEvent?.(event, task);
    if (this.#wantsTasks && type !== "worker-offline" && type.startsWith("worker-"))
      this.#enableEvents(hostname, typeof pid === "number" ? pid : null);
  }

  /** A few times for every process, whose first events come before it hears commands. Flower says it to all, every five seconds. */
  #enableEvents(hostname: string, pid: number | null): void {
    const { app, enableEvents, onWarning } = this.#options;
    const process = `${hostname}.${pid}`;
    const times = this.#told.get(process) ?? 0;
    if (!enableEvents || times >= TIMES_TOLD) return;
    const [oldest] = this.#told.keys();
    if (times === 0 && this.#told.size >= MAX_TOLD && oldest !== undefined) this.#told.delete(oldest);
    this.#told.set(process, times + 1);
    broadcast(app, "enable_events", { destination: [hostname] }).catch((error: unknown) => {
      this.#told.delete(process);
      onWarning("A worker could not be asked for events of its tasks", error);
    });
  }

  /** Twice is fine. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#receiver?.stop();
  }
}

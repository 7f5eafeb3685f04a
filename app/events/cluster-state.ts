/**
 * The state of a cluster as its events tell it: which workers there are, and how its tasks fare. Everything is bounded;
 * what was first heard of goes first. Source: celery/events/state.py `State` of 5.7, whose answers these are.
 */
import { type ClusterEvent, isName } from "./event.ts";
import { ClusterTask, type TaskSnapshot } from "./task-state.ts";
import { Timeline } from "./timeline.ts";
import { ClusterWorker, type WorkerSnapshot } from "./worker-state.ts";

export interface ClusterStateOptions {
  /** Default 5000. */
  readonly maxWorkers?: number;
  /** Default 10,000. */
  readonly maxTasks?: number;
  /** Told once for each of the last 1000 hosts whose clock differs from ours. Default: nobody is. */
  readonly onWarning?: (message: string) => void;
}

/** All of it at one time, as plain data. */
export interface ClusterSnapshot {
  readonly workers: readonly WorkerSnapshot[];
  /** The latest first. */
  readonly tasks: readonly TaskSnapshot[];
  readonly eventCount: number;
  readonly taskCount: number;
}

/** Which tasks a question is about. */
export interface TaskQuery {
  /** Only of this name. */
  readonly name?: string;
  /** Only those that this node has. */
  readonly worker?: string;
  /** The earliest first; default false. */
  readonly earliestFirst?: boolean;
  /** At most so many; default all. */
  readonly limit?: number;
}

/** A task has about so many events until it ends. */
const EVENTS_PER_TASK = 4;
/** Seconds between a worker's clock and ours that are worth a warning. */
const MAX_DRIFT = 16;
const MAX_WARNED_HOSTS = 1000;
const MAX_TASK_TYPES = 10_000;

export class ClusterState {
  readonly #workers = new Map<string, ClusterWorker>();
  readonly #tasks = new Map<string, ClusterTask>();
  readonly #taskTypes = new Set<string>();
  readonly #warnedHosts = new Set<string>();
  readonly #maxWorkers: number;
  readonly #maxTasks: number;
  readonly #timeline: Timeline;
  readonly #onWarning: (message: string) => void;
  #eventCount = 0;
  #taskCount = 0;
  #lastSerial = 0;

  constructor({ maxWorkers = 5000, maxTasks = 10_000, onWarning }: ClusterStateOptions = {}) {
    this.#maxWorkers = maxWorkers;
    this.#maxTasks = maxTasks;
    this.#timeline = new Timeline(maxTasks * EVENTS_PER_TASK);
    this.#onWarning = onWarning ?? (() => undefined);
  }

  /** Workers by node name, also those that are gone. */
  get workers(): ReadonlyMap<string, ClusterWorker> {
    return this.#workers;
  }

  /** Tasks by id. */
  get tasks(): ReadonlyMap<string, ClusterTask> {
    return this.#tasks;
  }

  /** Events so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Tasks received so far. */
  get taskCount(): number {
    return this.#taskCount;
  }

  /** Names of the tasks so far, sorted. */
  get taskTypes(): readonly string[] {
    return [...this.#taskTypes].sort();
  }

  /** Workers that are heard of; `now` is in seconds since 1970. */
  aliveWorkers(now: number = Date.now() / 1000): readonly ClusterWorker[] {
    return [...this.#workers.values()].filter((worker) => worker.isAlive(now));
  }

  /** Tasks in the order of their events, the latest first. */
  *tasksByTime({ name, worker, earliestFirst = false, limit }: TaskQuery = {}): Generator<ClusterTask> {
    const { moments } = this.#timeline;
    const seen = new Set<string>();
    for (let at = 0; at < moments.length && seen.size !== limit; at += 1) {
      const moment = earliestFirst ? moments[at] : moments[moments.length - 1 - at];
      const task = moment === undefined ? undefined : this.#tasks.get(moment.uuid);
      if (task === undefined || task.serial !== moment?.serial || seen.has(task.uuid)) continue;
      if (name !== undefined && task.name !== name) continue;
      if (worker !== undefined && task.worker?.hostname !== worker) continue;
      seen.add(task.uuid);
      yield task;
    }
  }

  /** Tasks that this one has sent. */
  childrenOf(uuid: string): readonly ClusterTask[] {
    return [...this.#tasks.values()].filter(({ parentId }) => parentId === uuid);
  }

  /** Takes in an event; one that lacks what its group needs changes nothing. */
  event(event: ClusterEvent): void {
    this.#eventCount += 1;
    const { type, hostname, timestamp, local_received: received } = event;
    if (!isName(type) || !isName(hostname)) return;
    if (typeof timestamp !== "number" || typeof received !== "number") return;
    const dash = type.indexOf("-");
    const [group, subject] = dash === -1 ? [type, ""] : [type.slice(0, dash), type.slice(dash + 1)];
    if (group === "worker") this.#onWorker(subject, event);
    else if (group === "task") this.#onTask(subject, event);
  }

  #onWorker(subject: string, event: ClusterEvent): void {
    const { hostname } = event;
    const isLeaving = subject === "offline";
    const worker = isLeaving ? this.#workers.get(hostname) : this.#worker(hostname);
    worker?.update(event);
    if (isLeaving) worker?.leave();
    else if (worker !== undefined) this.#beat(worker, event.timestamp, event.local_received);
  }

  #onTask(subject: string, event: ClusterEvent): void {
    const { uuid, hostname, timestamp, local_received, clock } = event;
    if (!isName(uuid) || typeof clock !== "number") return;
    const task = this.#task(uuid);
    const isClient = subject === "sent";
    if (isClient) task.client = hostname;
    else {
      task.worker = this.#worker(hostname);
      // Celery takes the time of the event for that of its receipt here, and the other way round.
      this.#beat(task.worker, local_received, timestamp);
    }
    const origin = isClient || task.worker === null ? hostname : task.worker.id;
    this.#timeline.add({ clock, timestamp, origin, uuid, serial: task.serial });
    if (subject === "received") this.#taskCount += 1;
    task.update(subject, event);
    if (isName(task.name) && this.#taskTypes.size < MAX_TASK_TYPES) this.#taskTypes.add(task.name);
    this.#touch(task.parentId);
  }

  #worker(hostname: string): ClusterWorker {
    const known = this.#workers.get(hostname);
    if (known !== undefined) return known;
    const worker = new ClusterWorker(hostname);
    addWithin(this.#maxWorkers, this.#workers, hostname, worker);
    return worker;
  }

  #task(uuid: string): ClusterTask {
    const known = this.#tasks.get(uuid);
    if (known !== undefined) return known;
    this.#lastSerial += 1;
    const task = new ClusterTask(uuid, this.#lastSerial);
    addWithin(this.#maxTasks, this.#tasks, uuid, task);
    return task;
  }

  /** A parent is kept for as long as its children are heard of. */
  #touch(uuid: string | null): void {
    const task = uuid === null ? undefined : this.#tasks.get(uuid);
    if (task === undefined) return;
    this.#tasks.delete(task.uuid);
    this.#tasks.set(task.uuid, task);
  }

  #beat(worker: ClusterWorker, timestamp: number, received: number): void {
    if (timestamp === 0 || received === 0) return;
    this.#checkDrift(worker.hostname, Math.abs(Math.trunc(received) - Math.trunc(timestamp)));
    worker.beat(received);
  }

  #checkDrift(hostname: string, drift: number): void {
    if (drift <= MAX_DRIFT || this.#warnedHosts.has(hostname)) return;
    const [oldest] = this.#warnedHosts;
    if (this.#warnedHosts.size >= MAX_WARNED_HOSTS && oldest !== undefined) this.#warnedHosts.delete(oldest);
    this.#warnedHosts.add(hostname);
    this.#onWarning(
      `The clock of ${hostname} and that of this host differ by ${drift} s, or its events were held up`,
    );
  }

  /** Forgets workers, counts, and tasks that have ended; with `all` every task. */
  clear({ all = false }: { readonly all?: boolean } = {}): void {
    this.#workers.clear();
    for (const task of this.#tasks.values()) if (all || task.isReady) this.#tasks.delete(task.uuid);
    this.#timeline.keep(({ uuid, serial }) => this.#tasks.get(uuid)?.serial === serial);
    this.#eventCount = 0;
    this.#taskCount = 0;
  }

  /** A copy that changes no more. */
  snapshot(): ClusterSnapshot {
    return {
      workers: [...this.#workers.values()].map((worker) => worker.toJSON()),
      tasks: [...this.tasksByTime()].map((task) => task.toJSON()),
      eventCount: this.#eventCount,
      taskCount: this.#taskCount,
    };
  }
}

function addWithin<Value>(limit: number, map: Map<string, Value>, key: string, value: Value): void {
  const [oldest] = map.keys();
  if (map.size >= limit && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

/**
 * What Flower counts of the events it hears: the numbers behind its six metrics. Kept up to date with each event, so that
 * reading them costs nothing but their number. Source: flower/events.py `PrometheusMetrics` of Flower 2.2.
 */
import type { ClusterEvent, ClusterTask } from "../../app/index.ts";

/** Upper bounds of the runtime histogram in seconds, as prometheus_client has them; a last bucket holds what is above. */
export const RUNTIME_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** `flower_events_total`: events of tasks. */
export interface EventCount {
  readonly worker: string;
  /** `task-received`, ... */
  readonly type: string;
  /** Name of the task, "" when nobody has said it. */
  readonly task: string;
  readonly count: number;
}

/** `flower_task_runtime_seconds`. */
export interface RuntimeHistogram {
  readonly worker: string;
  readonly task: string;
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
  /** One for each of RUNTIME_BUCKETS and one for what is above; not cumulative. */
  readonly buckets: readonly number[];
}

/** `flower_task_prefetch_time_seconds` and `flower_worker_prefetched_tasks`, each once something is known. */
export interface PrefetchFacts {
  readonly worker: string;
  readonly task: string;
  /** How long the last task waited in the worker; 0 once it has ended. */
  readonly seconds: number | undefined;
  /** Tasks that wait in the worker. */
  readonly waiting: number | undefined;
}

/** `flower_worker_online` and `flower_worker_number_of_currently_executing_tasks`. */
export interface WorkerOnline {
  readonly worker: string;
  readonly online: boolean;
  /** As its last heartbeat says; undefined before. */
  readonly executing: number | undefined;
}

export interface FlowerFacts {
  readonly events: Iterable<EventCount>;
  readonly runtimes: Iterable<RuntimeHistogram>;
  readonly prefetch: Iterable<PrefetchFacts>;
  readonly workers: Iterable<WorkerOnline>;
}

/** Labels come from strangers: series beyond this are not begun, in each table. */
const MAX_SERIES = 10_000;
const ONLINE: Readonly<Record<string, boolean>> = {
  "worker-online": true,
  "worker-heartbeat": true,
  "worker-offline": false,
};

type Mutable<Facts> = { -readonly [Name in keyof Facts]: Facts[Name] };
type Histogram = Mutable<Omit<RuntimeHistogram, "buckets">> & { readonly buckets: number[] };

export class FlowerCounts implements FlowerFacts {
  readonly #events = new Map<string, Mutable<EventCount>>();
  readonly #runtimes = new Map<string, Histogram>();
  readonly #prefetch = new Map<string, Mutable<PrefetchFacts>>();
  readonly #workers = new Map<string, Mutable<WorkerOnline>>();

  get events(): Iterable<EventCount> {
    return this.#events.values();
  }

  get runtimes(): Iterable<RuntimeHistogram> {
    return this.#runtimes.values();
  }

  get prefetch(): Iterable<PrefetchFacts> {
    return this.#prefetch.values();
  }

  get workers(): Iterable<WorkerOnline> {
    return this.#workers.values();
  }

  /** Takes in an event; `task` is what the cluster's state has made of it, undefined for events of workers. */
  observe(event: ClusterEvent, task: ClusterTask | undefined): void {
    if (task === undefined) this.#observeWorker(event);
    else this.#observeTask(event, task);
  }

  #observeWorker({ type, hostname: worker, active }: ClusterEvent): void {
    const online = Object.hasOwn(ONLINE, type) ? ONLINE[type] : undefined;
    if (online === undefined) return;
    const facts = within(this.#workers, worker, () => ({ worker, online, executing: undefined }));
    if (facts === undefined) return;
    facts.online = online;
    if (type === "worker-heartbeat" && typeof active === "number") facts.executing = active;
  }

  #observeTask(event: ClusterEvent, task: ClusterTask): void {
    const { type, hostname: worker, runtime } = event;
    const name = task.name ?? "";
    const events = within(this.#events, key(worker, type, name), () => ({
      worker,
      type,
      task: name,
      count: 0,
    }));
    if (events !== undefined) events.count += 1;
    if (typeof runtime === "number" && runtime > 0) this.#observeRuntime(worker, name, runtime);
    // A task that has a time of its own waits for that, and says nothing about the worker.
    if (task.eta === null && task.times.received !== undefined) this.#observePrefetch(event, task, name);
  }

  #observeRuntime(worker: string, task: string, seconds: number): void {
    const histogram = within(this.#runtimes, key(worker, task), () => ({
      worker,
      task,
      count: 0,
      sum: 0,
      buckets: new Array<number>(RUNTIME_BUCKETS.length + 1).fill(0),
    }));
    if (histogram === undefined) return;
    const fits = RUNTIME_BUCKETS.findIndex((bound) => seconds <= bound);
    const at = fits === -1 ? RUNTIME_BUCKETS.length : fits;
    histogram.count += 1;
    histogram.sum += seconds;
    histogram.buckets[at] = (histogram.buckets[at] ?? 0) + 1;
  }

  #observePrefetch({ type, hostname: worker }: ClusterEvent, { times }: ClusterTask, task: string): void {
    const { received = 0, started } = times;
    const facts = within(this.#prefetch, key(worker, task), () => ({
      worker,
      task,
      seconds: undefined,
      waiting: undefined,
    }));
    if (facts === undefined) return;
    const wait = (by: 1 | -1): void => {
      facts.waiting = (facts.waiting ?? 0) + by;
    };
    if (type === "task-received") wait(1);
    else if (type === "task-started" && started !== undefined) {
      facts.seconds = started - received;
      wait(-1);
    } else if ((type === "task-succeeded" || type === "task-failed") && started !== undefined)
      facts.seconds = 0;
    else if ((type === "task-revoked" || type === "task-rejected") && started === undefined) wait(-1);
  }
}

function key(...labels: readonly string[]): string {
  return labels.join("\0");
}

/** The series of a key; undefined when there are too many. */
function within<Series>(table: Map<string, Series>, name: string, create: () => Series): Series | undefined {
  const known = table.get(name);
  if (known !== undefined) return known;
  if (table.size >= MAX_SERIES) return undefined;
  const made = create();
  table.set(name, made);
  return made;
}

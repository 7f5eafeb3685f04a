/** The metrics of a worker. Labels are bounded: tasks that the app does not know count as `other`. */
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { TaskObserver } from "../events.ts";
import type { Job } from "../job.ts";
import type { Lane } from "../lane.ts";
import type { Worker } from "../worker.ts";
import { drainReport } from "./drain.ts";

type PromClient = typeof import("prom-client");

/** Seconds, from a few milliseconds to an hour. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600];
const LAG_QUANTILES = [0.5, 0.99, 1];

export interface WorkerMetrics {
  /** Counts tasks. */
  readonly observer: TaskObserver;
  /** `text/plain` of Prometheus, and its content type. */
  readonly contentType: string;
  read(): Promise<string>;
  /** Measures no more. */
  close(): void;
}

/** A registry of its own for each worker: there may be several in a process. */
export function createMetrics(worker: Worker, client: PromClient): WorkerMetrics {
  const registry = new client.Registry();
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const observer = createObserver(worker, client, registry);
  addGauges(worker, client, registry);
  addLag(delay, client, registry);
  return {
    observer,
    contentType: registry.contentType,
    read: () => registry.metrics(),
    close: () => void delay.disable(),
  };
}

interface TaskMetrics {
  readonly received: Counter<"task">;
  readonly ended: Counter<"task" | "state">;
  readonly runtime: Histogram<"task">;
  readonly waited: Histogram<"task">;
  readonly deadLetters: Counter<"code">;
}

function createTaskMetrics({ Counter, Histogram }: PromClient, registry: Registry): TaskMetrics {
  const registers = [registry];
  return {
    received: new Counter({
      name: "celerity_tasks_received_total",
      help: "Tasks taken from the broker.",
      labelNames: ["task"],
      registers,
    }),
    ended: new Counter({
      name: "celerity_tasks_total",
      help: "Tasks ended, by state; a retry is an end.",
      labelNames: ["task", "state"],
      registers,
    }),
    runtime: new Histogram({
      name: "celerity_task_runtime_seconds",
      help: "From the start of a task to the storing of its result.",
      labelNames: ["task"],
      buckets: BUCKETS,
      registers,
    }),
    waited: new Histogram({
      name: "celerity_task_wait_seconds",
      help: "From a task's receipt, or its ETA, to its start.",
      labelNames: ["task"],
      buckets: BUCKETS,
      registers,
    }),
    deadLetters: new Counter({
      name: "celerity_dead_letters_total",
      help: "Messages that could not be run, by the code of the reason.",
      labelNames: ["code"],
      registers,
    }),
  };
}

function createObserver({ app }: Worker, client: PromClient, registry: Registry): TaskObserver {
  const metrics = createTaskMetrics(client, registry);
  const receivedAtMs = new WeakMap<Job, number>();
  const labelOf = ({ request }: Job): string => (app.tasks.has(request.task) ? request.task : "other");
  return {
    received(job) {
      receivedAtMs.set(job, Date.now());
      metrics.received.inc({ task: labelOf(job) });
    },
    started(job) {
      const dueAtMs = Math.max(receivedAtMs.get(job) ?? Date.now(), job.request.etaMs ?? 0);
      metrics.waited.observe({ task: labelOf(job) }, Math.max(0, Date.now() - dueAtMs) / 1000);
    },
    ended(job, { state }) {
      const task = labelOf(job);
      metrics.ended.inc({ task, state });
      if (job.startedAtMs === undefined) return;
      metrics.runtime.observe({ task }, Math.max(0, Date.now() - job.startedAtMs) / 1000);
    },
    refused({ code }) {
      metrics.deadLetters.inc({ code });
    },
  };
}

/** What is asked for when somebody reads. */
function addGauges(worker: Worker, { Gauge, Counter }: PromClient, registry: Registry): void {
  const sumOfLanes = (readLane: (lane: Lane) => number): number =>
    (worker.parts?.lanes ?? []).reduce((total, lane) => total + readLane(lane), 0);
  const gauges: Readonly<Record<string, readonly [help: string, read: () => number]>> = {
    tasks_active: ["Tasks running.", () => sumOfLanes(({ scheduler }) => scheduler.active.size)],
    tasks_waiting: [
      "Tasks due, and waiting for room.",
      () => sumOfLanes(({ scheduler }) => scheduler.waiting.length),
    ],
    tasks_scheduled: [
      "Tasks waiting for their ETA.",
      () => sumOfLanes(({ scheduler }) => scheduler.scheduledCount),
    ],
    pool_slots: ["Tasks that can run at once.", () => sumOfLanes(({ pool }) => pool.size)],
    pool_processes: ["Processes that tasks run in.", () => sumOfLanes(({ pool }) => pool.pids.length)],
    prefetch: ["Messages held at most; 0 is no limit.", () => sumOfLanes(({ prefetch }) => prefetch)],
    drain_score: [
      "Seconds of work lost when the worker is ended now.",
      () => drainReport(worker, Date.now()).score,
    ],
    broker_connected: [
      "1 while the broker is connected.",
      () => (worker.parts?.connection.connected === true ? 1 : 0),
    ],
    resident_memory_bytes: ["Memory of the worker's own process.", () => process.memoryUsage.rss()],
  };
  for (const [name, [help, read]] of Object.entries(gauges)) {
    const gauge: Gauge = new Gauge({
      name: `celerity_${name}`,
      help,
      registers: [registry],
      collect: () => gauge.set(read()),
    });
  }
  const counters: typeof gauges = {
    pool_processes_started: [
      "Processes or threads started.",
      () => sumOfLanes(({ pool }) => pool.childrenStarted ?? 0),
    ],
    broker_connections: ["Connections to the broker.", () => worker.connectionLives],
  };
  for (const [name, [help, read]] of Object.entries(counters)) {
    const counter: Counter = new Counter({
      name: `celerity_${name}_total`,
      help,
      registers: [registry],
      collect() {
        counter.reset();
        counter.inc(read());
      },
    });
  }
}

/** How long the event loop did not come round: since the last reading. */
function addLag(delay: IntervalHistogram, { Gauge }: PromClient, registry: Registry): void {
  const gauge: Gauge<"quantile"> = new Gauge({
    name: "celerity_event_loop_lag_seconds",
    help: "How late the event loop was since the last reading.",
    labelNames: ["quantile"],
    registers: [registry],
    collect() {
      for (const quantile of LAG_QUANTILES) {
        gauge.set({ quantile: String(quantile) }, delay.percentile(quantile * 100) / 1e9);
      }
      delay.reset();
    },
  });
}

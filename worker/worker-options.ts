/** What a worker is made from; what is left out comes from the app's settings. */
import type { App } from "../app/index.ts";
import type { Bootstep } from "./bootstep.ts";
import type { TaskEvent } from "./events.ts";

export interface WorkerOptions {
  readonly app: App;
  /** Queues to consume; default: the app's taskQueues, or its default queue. */
  readonly queues?: readonly string[];
  /** Queues of those not to consume: Celery's `-X`. */
  readonly excludeQueues?: readonly string[];
  /** Celery's `-n`: `name@host`, with %h, %n and %d. */
  readonly hostname?: string;
  /** Default: the setting workerPool. */
  readonly pool?: string;
  /** The pool has so many processes, or threads, as there is work for, within this range. */
  readonly autoscale?: { readonly max: number; readonly min: number };
  /** Queues that have a pool of their own; the other queues share `pool`. */
  readonly poolFor?: readonly PoolFor[];
  /** Where pools of processes and threads load the app from: a file or package, as `-A` names it. */
  readonly appModule?: string;
  /** Default: the setting workerConcurrency. */
  readonly concurrency?: number;
  /** Default: the setting workerChildConcurrency. */
  readonly childConcurrency?: number;
  /** Default: the setting workerMaxTasksPerChild. */
  readonly maxTasksPerChild?: number;
  /** KiB; default: the setting workerMaxMemoryPerChild. */
  readonly maxMemoryPerChild?: number;
  /** Seconds; default: the setting taskTimeLimit. */
  readonly timeLimit?: number;
  /** Seconds; default: the setting taskSoftTimeLimit. */
  readonly softTimeLimit?: number;
  /** Default: the setting workerPrefetchMultiplier. */
  readonly prefetchMultiplier?: number;
  /** Send task events; default: the setting workerSendTaskEvents. */
  readonly taskEvents?: boolean;
  /** Told of events of tasks where the broker cannot carry them (SQL): for a monitor in the same process. */
  readonly onUncarriedEvent?: (event: TaskEvent) => void;
  /** File that keeps revoked tasks across restarts; default: the setting workerStateDb. */
  readonly stateFile?: string;
  /** Ask other workers for what is revoked when starting; default true. */
  readonly mingle?: boolean;
  /** Follow the events of other workers; default true. */
  readonly gossip?: boolean;
  /** Serve metrics, the drain score and health on this port over HTTP; default: not. */
  readonly metrics?: MetricsOptions;
  /** Steps beside the built-in ones, or instead of those whose names they have. */
  readonly steps?: readonly Bootstep[];
  /** Told about every task and about trouble; default: silent but for the app's warnings. */
  readonly logger?: WorkerLogger;
}

/** Where metrics are served. */
export interface MetricsOptions {
  /** 0 takes a free one, which the log names. */
  readonly port: number;
  /** Default: 127.0.0.1, where only this host can read them. */
  readonly host?: string;
}

/** A pool for some of the queues. */
export interface PoolFor {
  readonly queues: readonly string[];
  readonly pool: string;
  /** Default: the pool's. */
  readonly concurrency?: number;
}

/** The part of a logger that the worker uses; pino fits. */
export interface WorkerLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

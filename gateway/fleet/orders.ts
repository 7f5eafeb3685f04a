/** What workers can be told, with the remote control command that says it. Source: celery/worker/control.py of 5.7. */
import type { PlainObject } from "../../protocol/index.ts";
import type { FleetSchemaName } from "./schemas.ts";

export interface WorkerOrder {
  /** The last part of the path. */
  readonly action: string;
  /** Celery's command. */
  readonly command: string;
  readonly schema: FleetSchemaName;
  readonly summary: string;
  readonly description: string;
  /** May be given to all workers at once. */
  readonly toAll?: true;
  /** Workers do not answer it. */
  readonly silent?: true;
  /** Arguments of the command, from a body that the schema has accepted; default: the body. */
  readonly toArguments?: (body: PlainObject) => PlainObject;
}

export const WORKER_ORDERS: readonly WorkerOrder[] = [
  {
    action: "shutdown",
    command: "shutdown",
    schema: "WorkerOrder",
    summary: "End a worker",
    description: "It finishes the tasks that it runs, and gives back the others.",
    silent: true,
  },
  {
    action: "pool-restart",
    command: "pool_restart",
    schema: "WorkerOrder",
    summary: "Replace the processes of a worker",
    description: "Needs the worker's setting worker_pool_restarts.",
    toArguments: () => ({ reload: false }),
  },
  {
    action: "grow",
    command: "pool_grow",
    schema: "WorkerResize",
    summary: "Enlarge a worker's pool",
    description: "Not for pools of a fixed size, and not together with autoscaling.",
    toArguments: ({ n = 1 }) => ({ n }),
  },
  {
    action: "shrink",
    command: "pool_shrink",
    schema: "WorkerResize",
    summary: "Make a worker's pool smaller",
    description: "Not for pools of a fixed size, and not together with autoscaling.",
    toArguments: ({ n = 1 }) => ({ n }),
  },
  {
    action: "autoscale",
    command: "autoscale",
    schema: "WorkerAutoscale",
    summary: "Set the range of a worker's autoscaler",
    description: "Only for workers that were started with --autoscale.",
  },
  {
    action: "add-consumer",
    command: "add_consumer",
    schema: "WorkerQueue",
    summary: "Have a worker consume one queue more",
    description: "Until it ends.",
  },
  {
    action: "cancel-consumer",
    command: "cancel_consumer",
    schema: "WorkerQueue",
    summary: "Have a worker consume one queue less",
    description: "Until it ends.",
  },
  {
    action: "rate-limit",
    command: "rate_limit",
    schema: "WorkerRateLimit",
    summary: "Limit how often a task starts",
    description: "In each worker by itself. The name - means all workers.",
    toAll: true,
    // Celery takes 0 for no limit, and null for an error.
    toArguments: ({ task, rate }) => ({ task_name: task, rate_limit: rate ?? 0 }),
  },
  {
    action: "time-limit",
    command: "time_limit",
    schema: "WorkerTimeLimit",
    summary: "Limit how long a task runs",
    description: "Both limits are replaced, from the task's next run on. The name - means all workers.",
    toAll: true,
    toArguments: ({ task, soft = null, hard = null }) => ({ task_name: task, soft, hard }),
  },
];

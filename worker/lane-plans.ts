/** Which pool runs what comes from which queues. */
import { hostname } from "node:os";
import type { QueueSpec } from "../transports/index.ts";
import { nodeName } from "./node-name.ts";
import type { WorkerOptions } from "./worker-options.ts";

/** A lane before it is made. */
export interface LanePlan {
  readonly queues: readonly QueueSpec[];
  readonly pool: string;
  /** undefined takes the pool's default. */
  readonly concurrency: number | undefined;
}

/** The queues that a worker consumes, whatever the lane. */
export function consumedQueues(options: WorkerOptions): readonly QueueSpec[] {
  const excluded = new Set(options.excludeQueues);
  const queues = namedQueues(options).filter(({ name }) => !excluded.has(name));
  if (!options.app.settings.workerDirect) return queues;
  return [...queues, directQueue(nodeName(options.hostname, hostname()))];
}

function namedQueues({ app, queues, poolFor }: WorkerOptions): readonly QueueSpec[] {
  const bound = poolFor?.flatMap(({ queues: names }) => names) ?? [];
  if (queues === undefined && bound.length === 0) return app.router.defaultQueues;
  const names = new Set([...(queues ?? []), ...bound]);
  return [...names].map((name) => app.router.queue(name));
}

/** The queue of one worker (setting workerDirect). Source: celery/utils/nodenames.py `worker_direct`. */
export function directQueue(node: string): QueueSpec {
  return { name: `${node}.dq2`, exchange: { name: "C.dq2", type: "direct" }, routingKey: node };
}

/** The lane of the queues that have no pool of their own comes first; it is absent when all have one. */
export function planLanes(options: WorkerOptions): readonly LanePlan[] {
  const { app, poolFor = [], appModule, autoscale } = options;
  const bound = new Set(poolFor.flatMap(({ queues }) => queues));
  const special = poolFor.map(({ queues, pool, concurrency }) => ({
    pool,
    concurrency,
    queues: queues.map((name) => app.router.queue(name)),
  }));
  const queues = consumedQueues(options).filter(({ name }) => !bound.has(name));
  if (queues.length === 0 && special.length > 0) return special;
  const pool = options.pool ?? app.settings.workerPool ?? (appModule === undefined ? "async" : "prefork");
  const size = options.concurrency ?? app.settings.workerConcurrency ?? undefined;
  const concurrency = autoscale === undefined ? size : Math.max(1, autoscale.min);
  return [{ queues, pool, concurrency }, ...special];
}

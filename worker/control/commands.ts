/** Remote control commands by Celery's names. Source: celery/worker/control.py of 5.7. A new one is a line in a table. */
import type { PlainObject } from "../../protocol/index.ts";
import { type QueueSpec, redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { VERSION } from "../../version.ts";
import type { Job } from "../job.ts";
import type { Worker } from "../worker.ts";

/** Runs one command; undefined sends no reply. */
export type Command = (worker: Worker, given: PlainObject) => unknown;

const scheduled: Command = ({ jobs, hostname }) =>
  jobs.scheduled.map((job) => ({
    eta: job.request.headers["eta"] ?? null,
    priority: 6,
    request: describeJob(job, hostname),
  }));

const reserved: Command = ({ jobs, hostname }) =>
  [...jobs.waiting, ...jobs.scheduled].map((job) => describeJob(job, hostname));

const active: Command = ({ jobs, hostname }) => jobs.active.map((job) => describeJob(job, hostname));

const registered: Command = ({ app }) => [...app.tasks.keys()].sort();

const revokedIds: Command = ({ revoked }) => revoked.ids();

const conf: Command = ({ app }) => ({
  broker_url: splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(";"),
  result_backend: app.settings.resultBackend === null ? null : redactUrl(app.settings.resultBackend),
  task_acks_late: app.settings.taskAcksLate,
  task_default_queue: app.settings.taskDefaultQueue,
  task_serializer: app.settings.taskSerializer,
  accept_content: app.settings.acceptContent,
  timezone: app.settings.timezone ?? "UTC",
});

const queryTask: Command = (worker, { ids }) => {
  const wanted = new Set((Array.isArray(ids) ? ids : [ids]).map(String));
  const states: [string, readonly Job[]][] = [
    ["active", worker.jobs.active],
    ["reserved", worker.jobs.waiting],
    ["scheduled", worker.jobs.scheduled],
  ];
  const found = states.flatMap(([state, jobs]) =>
    jobs
      .filter(({ request }) => wanted.has(request.id))
      .map((job) => [job.request.id, [state, describeJob(job, worker.hostname)]] as const),
  );
  return Object.fromEntries(found);
};

const revoke: Command = ({ revoked }, { task_id: given }) => {
  const ids = (Array.isArray(given) ? given : [given]).filter((id) => typeof id === "string");
  for (const id of ids) revoked.add(id);
  return { ok: `tasks {${ids.map((id) => `'${id}'`).join(", ")}} flagged as revoked` };
};

/** Reading commands, their older names, and the few writing ones this worker has so far. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  ping: () => ({ ok: "pong" }),
  clock: ({ clock }) => ({ clock: clock.value }),
  hello: (worker, { from_node: from, revoked }) => hello(worker, from, revoked),
  report: ({ hostname }) => ({
    ok: `software -> celerity:${VERSION} node:${process.version}\nhostname -> ${hostname}`,
  }),
  stats,
  conf,
  dump_conf: conf,
  query_task: queryTask,
  scheduled,
  dump_schedule: scheduled,
  reserved,
  dump_reserved: reserved,
  active,
  dump_active: active,
  revoked: revokedIds,
  dump_revoked: revokedIds,
  registered,
  dump_tasks: registered,
  active_queues: ({ queues }) => queues.map(describeQueue),
  revoke,
  heartbeat: ({ parts }) => {
    parts?.events.heartbeat("worker-heartbeat");
    return null;
  },
  enable_events: (worker) => setEvents(worker, true),
  disable_events: (worker) => setEvents(worker, false),
};

/** Mingle: another worker starts and asks what is revoked; 5.6 and older send an object of times, 5.7 a list. */
function hello({ hostname, revoked, clock }: Worker, from: unknown, theirs: unknown): unknown {
  if (from === hostname) return undefined;
  const ids = Array.isArray(theirs) ? theirs : Object.keys((theirs as object | null) ?? {});
  for (const id of ids) if (typeof id === "string") revoked.add(id);
  return { revoked: revoked.ids(), clock: clock.forward() };
}

function setEvents({ parts }: Worker, enabled: boolean): unknown {
  const word = enabled ? "enabled" : "disabled";
  if (parts === undefined || parts.events.taskEventsEnabled === enabled)
    return { ok: `task events already ${word}` };
  parts.events.taskEventsEnabled = enabled;
  return { ok: `task events ${word}` };
}

function stats(worker: Worker): unknown {
  const { parts, total, clock, startedAtMs, app } = worker;
  const usage = process.resourceUsage();
  const pools = parts?.lanes.map(({ pool }) => pool) ?? [];
  return {
    total: Object.fromEntries(total),
    pid: process.pid,
    clock: String(clock.value),
    uptime: Math.trunc((Date.now() - startedAtMs) / 1000),
    pool: {
      implementation: `celerity:${pools.map(({ name }) => name).join("+")}`,
      "max-concurrency": sum(pools.map(({ size }) => size)),
      processes: [...new Set(pools.flatMap(({ pids }) => pids))],
      "max-tasks-per-child": "N/A",
      timeouts: [0, 0],
    },
    broker: { uri: splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(";") },
    prefetch_count: sum(parts?.lanes.map(({ prefetch }) => prefetch) ?? []),
    rusage: { utime: usage.userCPUTime / 1e6, stime: usage.systemCPUTime / 1e6, maxrss: usage.maxRSS },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** A job as `inspect` shows it. */
function describeJob({ request, task, startedAtMs, delivery, pid }: Job, hostname: string): PlainObject {
  return {
    id: request.id,
    name: request.task,
    args: request.args,
    kwargs: request.kwargs,
    type: task.name,
    hostname,
    time_start: startedAtMs === undefined ? null : startedAtMs / 1000,
    acknowledged: false,
    delivery_info: {
      exchange: delivery.exchange,
      routing_key: delivery.routingKey,
      priority: request.priority,
      redelivered: delivery.redelivered,
    },
    worker_pid: startedAtMs === undefined ? null : pid,
  };
}

function describeQueue(queue: QueueSpec): PlainObject {
  const { exchange } = queue;
  return {
    name: queue.name,
    exchange: {
      name: exchange?.name ?? "",
      type: exchange?.type ?? "direct",
      arguments: null,
      durable: exchange?.durable ?? true,
      passive: false,
      auto_delete: exchange?.autoDelete ?? false,
      delivery_mode: null,
      no_declare: false,
    },
    routing_key: queue.routingKey ?? queue.name,
    queue_arguments: queue.arguments ?? null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: queue.durable ?? true,
    exclusive: queue.exclusive ?? false,
    auto_delete: queue.autoDelete ?? false,
    no_ack: false,
    alias: null,
    bindings: [],
    no_declare: null,
    expires: null,
    message_ttl: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: queue.maxPriority ?? null,
  };
}

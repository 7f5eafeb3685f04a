/** What `celery inspect` asks; nothing here changes anything. */
import { celeryName, DEFAULT_SETTINGS, ownTaskNames, TASK_DEFAULTS } from "../../app/index.ts";
import { type PlainObject, pythonRepr } from "../../protocol/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { VERSION } from "../../version.ts";
import type { Job } from "../job.ts";
import type { Worker } from "../worker.ts";
import { type Command, isTrue, ok, PythonError, readTexts } from "./command.ts";
import { describeJob, describeQueue } from "./describe.ts";
import { stats } from "./stats.ts";

const ping: Command = () => ok("pong");

const clock: Command = (worker) => ({ clock: worker.clock.value });

const report: Command = ({ app, parts }) => {
  const pools = parts?.lanes.map(({ pool }) => pool.name).join("+") ?? "";
  const rows = [
    `software -> celerity:${VERSION} node:${process.versions.node}`,
    `platform -> system:${process.platform} arch:${process.arch}`,
    `broker -> ${splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(" ; ")}`,
    `results -> ${app.settings.resultBackend === null ? "disabled" : redactUrl(app.settings.resultBackend)}`,
    `pool -> ${pools}`,
  ];
  return ok(rows.join("\n"));
};

/** Settings that differ from the defaults, or all of them; secrets are masked. */
const conf: Command = ({ app }, { with_defaults: withDefaults }) => {
  const defaults = DEFAULT_SETTINGS as unknown as Readonly<Record<string, unknown>>;
  const shown = Object.entries(app.settings).filter(
    ([name, value]) => isTrue(withDefaults) || JSON.stringify(value) !== JSON.stringify(defaults[name]),
  );
  return Object.fromEntries(shown.map(([name, value]) => [celeryName(name), masked(name, value)]));
};

const SECRET = /password|secret|token|key$|Key$|options|useSsl$/i;

function masked(name: string, value: unknown): unknown {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (/^broker(Read|Write)?Url$/.test(name))
    return splitBrokerUrls(value as string)
      .map(redactUrl)
      .join(";");
  if (name === "resultBackend" || (typeof value === "string" && value.includes("://")))
    return redactUrl(String(value));
  if (SECRET.test(name)) return "********";
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return pythonRepr(value, 1024);
  }
}

const scheduled: Command = ({ jobs, hostname }) =>
  jobs.scheduled.map((job) => ({
    eta:
      job.request.etaMs === undefined
        ? null
        : new Date(job.request.etaMs).toISOString().replace("Z", "+00:00"),
    priority: 6,
    request: describeJob(job, hostname),
  }));

const reserved: Command = ({ jobs, hostname }) => jobs.waiting.map((job) => describeJob(job, hostname));

const active: Command = ({ jobs, hostname }, { safe }) =>
  jobs.active.map((job) => describeJob(job, hostname, isTrue(safe)));

const revoked: Command = (worker) => worker.revoked.ids();

/** Attributes of a task that can be asked for, and how they print. */
const TASK_ATTRIBUTES: Readonly<Record<string, string>> = {
  exchange: "exchange",
  routing_key: "routingKey",
  rate_limit: "rateLimit",
  acks_late: "acksLate",
  ignore_result: "ignoreResult",
  max_retries: "maxRetries",
  default_retry_delay: "defaultRetryDelay",
  time_limit: "timeLimit",
  soft_time_limit: "softTimeLimit",
  serializer: "serializer",
  compression: "compression",
  priority: "priority",
  queue: "queue",
  track_started: "trackStarted",
  send_events: "sendEvents",
};

/** What remote control has changed of a task. */
function changedOptions({ parts }: Worker, task: string): PlainObject {
  const rate = parts?.lanes[0]?.scheduler.rateLimits.changed.get(task);
  const limits = parts?.limits.changed.get(task);
  return {
    ...(rate && { rateLimit: rate.written }),
    ...(limits && { softTimeLimit: limits.soft, timeLimit: limits.hard }),
  };
}

const registered: Command = (worker, { taskinfoitems, builtins }) => {
  const { app } = worker;
  const asked = readTexts(taskinfoitems ?? []);
  const items = asked.length === 0 ? ["exchange", "routing_key", "rate_limit"] : asked;
  const names = isTrue(builtins) ? [...app.tasks.keys()].sort() : ownTaskNames(app.tasks);
  return names.map((name) => {
    const options: PlainObject = {
      ...TASK_DEFAULTS,
      ...app.tasks.get(name)?.options,
      ...changedOptions(worker, name),
    };
    const facts = items.flatMap((item) => {
      const option = Object.hasOwn(TASK_ATTRIBUTES, item) ? TASK_ATTRIBUTES[item] : undefined;
      const value = option === undefined ? undefined : options[option];
      return value === undefined || value === null ? [] : [`${item}=${String(value)}`];
    });
    return facts.length === 0 ? name : `${name} [${facts.join(" ")}]`;
  });
};

const queryTask: Command = (worker, { ids }) => {
  const wanted = new Set(readTexts(ids));
  const states: readonly [string, readonly Job[]][] = [
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

const activeQueues: Command = ({ parts }) =>
  (parts?.lanes ?? []).flatMap(({ queues }) => queues.map(describeQueue));

/** Mingle: another worker starts and asks what is revoked; 5.6 and older send an object of times, 5.7 a list. */
const hello: Command = (worker, { from_node: from, revoked: theirs }) => {
  if (from === worker.hostname) return undefined;
  const ids = Array.isArray(theirs) ? theirs : Object.keys((theirs as object | null) ?? {});
  for (const id of readTexts(ids)) worker.revoked.add(id);
  return { revoked: worker.revoked.ids(), clock: worker.clock.forward() };
};

const memorySamples: number[] = [];

const memsample: Command = () => {
  const rss = process.memoryUsage.rss();
  memorySamples.push(rss);
  if (memorySamples.length > 100) memorySamples.shift();
  return megabytes(rss);
};

const memdump: Command = () => {
  if (memorySamples.length === 0) return "- rss: (no samples collected)\n";
  return `- rss (sample):\n${memorySamples.map((rss) => `-    > ${megabytes(rss)},`).join("\n")}\n- rss (end): ${megabytes(process.memoryUsage.rss())}.\n`;
};

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(3)}MB`;
}

/** Python's library for it has no counterpart here; Celery answers the same where it is not installed. */
const objgraph: Command = () => {
  throw new PythonError("ImportError", "Requires the objgraph library");
};

export const INSPECT_COMMANDS: Readonly<Record<string, Command>> = {
  ping,
  clock,
  report,
  stats,
  conf,
  dump_conf: conf,
  scheduled,
  dump_schedule: scheduled,
  reserved,
  dump_reserved: reserved,
  active,
  dump_active: active,
  revoked,
  dump_revoked: revoked,
  registered,
  dump_tasks: registered,
  query_task: queryTask,
  active_queues: activeQueues,
  hello,
  memsample,
  memdump,
  objgraph,
};

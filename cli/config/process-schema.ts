/** The sections `worker`, `beat` and `log`: flags of these commands. What a worker or beat does is a setting, in `app`. */
import { list, number, onOff, type Schema, section, text, whole, words } from "./schema-parts.ts";

const whose = (flag: string): { readonly "x-flag": string } => ({ "x-flag": flag });

export const WORKER_SCHEMA: Schema = section("The worker of `celerity worker` and `celerity up`.", {
  queues: words("Queues to consume.", whose("queues")),
  exclude_queues: words("Queues not to consume.", whose("excludeQueues")),
  concurrency: whole("Tasks run at once.", whose("concurrency")),
  pool: text("prefork, threads, solo or async.", whose("pool")),
  pool_for: list(
    "Pools of their own for some queues.",
    section(
      "One pool.",
      {
        queues: words("Its queues.", { minItems: 1 }),
        pool: text("Its kind."),
        concurrency: whole("Tasks at once."),
      },
      ["queues", "pool"],
    ),
    whose("poolFor"),
  ),
  autoscale: {
    ...section(
      "As many processes as there is work for, in this range.",
      { max: whole("At most.", { minimum: 1 }), min: whole("At least.") },
      ["max", "min"],
    ),
    ...whose("autoscale"),
  },
  child_concurrency: whole("Tasks at once in each process or thread.", whose("childConcurrency")),
  prefetch_multiplier: whole(
    "Messages held per slot of concurrency; 0: no limit.",
    whose("prefetchMultiplier"),
  ),
  max_tasks_per_child: whole("Tasks after which a process is replaced.", whose("maxTasksPerChild")),
  max_memory_per_child: whole("KiB beyond which a process is replaced.", whose("maxMemoryPerChild")),
  time_limit: number("Seconds after which a task is ended.", whose("timeLimit")),
  soft_time_limit: number("Seconds after which a task is asked to stop.", whose("softTimeLimit")),
  hostname: text("Node name; %h is the host, %n the name, %d the domain.", whose("hostname")),
  statedb: text("File that keeps revoked tasks across restarts.", whose("statedb")),
  task_events: onOff("Send task events for monitors.", whose("taskEvents")),
  http_tasks: onOff("Serve tasks that call URLs.", whose("httpTasks")),
  metrics_port: whole("Serve metrics, drain score and health there.", {
    ...whose("metricsPort"),
    maximum: 65_535,
  }),
  metrics_host: text("Address to serve them on.", { ...whose("metricsHost"), default: "127.0.0.1" }),
});

export const BEAT_SCHEMA: Schema = section("The beat of `celerity beat` and `celerity worker --beat`.", {
  schedule: text("File that keeps what was run; .json is added.", whose("schedule")),
  scheduler: text("Where schedules are that may change: file, database, or a SQL URL.", whose("scheduler")),
  max_interval: number("Longest sleep, in seconds.", { ...whose("maxInterval"), exclusiveMinimum: 0 }),
  lock: text("URL where several beats agree on the one that sends.", whose("lock")),
});

export const LOG_SCHEMA: Schema = section("The log of any of them.", {
  level: {
    ...text("Least level that is logged.", { ...whose("loglevel"), default: "info" }),
    enum: ["debug", "info", "warning", "error", "critical", "fatal"],
  },
  format: { ...text("text or json.", { ...whose("logFormat"), default: "text" }), enum: ["text", "json"] },
  file: text("File that the log is appended to.", whose("logfile")),
});

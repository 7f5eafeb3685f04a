/** Options that several commands share, under Celery's names. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { PoolFor } from "../worker/index.ts";
import { type CallbackFlags, withCallbackOptions } from "./callback-options.ts";
import type { ConfigFlags } from "./config/config-option.ts";

export const DEFAULT_PORT = 8420;

/** Where the broker and the results are. */
export interface ConnectionFlags {
  readonly broker?: string;
  readonly resultBackend?: string;
}

export interface WorkerFlags extends LogFlags {
  readonly app?: string;
  readonly queues?: string;
  readonly excludeQueues?: readonly string[];
  readonly concurrency?: number;
  readonly pool?: string;
  readonly hostname?: string;
  readonly prefetchMultiplier?: number;
  readonly disablePrefetch?: boolean;
  readonly poolFor?: readonly PoolFor[];
  readonly autoscale?: { readonly max: number; readonly min: number };
  readonly detach?: boolean;
  readonly pidfile?: string;
  readonly statedb?: string;
  readonly withoutMingle?: boolean;
  readonly withoutGossip?: boolean;
  readonly childConcurrency?: number;
  readonly maxTasksPerChild?: number;
  readonly maxMemoryPerChild?: number;
  readonly timeLimit?: number;
  readonly softTimeLimit?: number;
  readonly taskEvents?: boolean;
  readonly httpTasks?: boolean;
  readonly metricsPort?: number;
  readonly metricsHost?: string;
}

export interface LogFlags {
  readonly loglevel: string;
  readonly logFormat: string;
  readonly logfile?: string | undefined;
}

export interface GatewayFlags extends CallbackFlags, ConfigFlags {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly flowerApi: boolean;
  readonly watchWorkers?: boolean;
  readonly history: boolean;
  readonly state?: string;
  readonly schedules?: string;
  readonly hooks?: string;
  readonly accessLog?: boolean;
  readonly showQueues?: readonly string[];
  readonly allowUnauthenticated?: boolean;
  readonly requireKeys?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly auditLog?: string;
}

export function withConnectionOptions(command: Command): Command {
  return command
    .addOption(new Option("-b, --broker <url>", "broker URL").env("CELERY_BROKER_URL"))
    .addOption(new Option("--result-backend <url>", "result backend URL").env("CELERY_RESULT_BACKEND"));
}

export function withWorkerOptions(command: Command): Command {
  return command
    .option("-Q, --queues <names>", "queues to consume, comma-separated")
    .option("-X, --exclude-queues <names>", "queues not to consume, comma-separated", commaList)
    .option("-c, --concurrency <number>", "tasks run at once", wholeNumber)
    .option(
      "-P, --pool <name>",
      "prefork, threads, solo, or async (gevent and eventlet mean the same); default prefork",
    )
    .option(
      "--pool-for <queues=pool[:concurrency]>",
      "a pool of its own for some queues, as cpu,render=prefork:2; may be given several times",
      poolFor,
    )
    .option("--autoscale <max,min>", "as many processes as there is work for, in this range", autoscaleRange)
    .option("-D, --detach", "run in the background; returns when the worker is ready")
    .option("--pidfile <file>", "file for the process's number; %n is the node's name, %h its host")
    .option("-S, --statedb <file>", "file that keeps revoked tasks across restarts")
    .option("--without-mingle", "do not ask other workers what is revoked")
    .option("--without-gossip", "do not follow the events of other workers")
    .option("--child-concurrency <number>", "tasks at once in each process or thread", wholeNumber)
    .option("--max-tasks-per-child <number>", "tasks after which a process is replaced", wholeNumber)
    .option("--max-memory-per-child <KiB>", "memory beyond which a process is replaced", wholeNumber)
    .option("--time-limit <seconds>", "end a task after so long", positiveNumber)
    .option("--soft-time-limit <seconds>", "ask a task to stop after so long", positiveNumber)
    .option("-n, --hostname <name>", "node name; %h is the host, %n the name, %d the domain")
    .option(
      "--prefetch-multiplier <number>",
      "messages held per slot of concurrency; 0 means no limit",
      wholeNumber,
    )
    .option("--disable-prefetch", "hold no messages beyond those that run")
    .option("-E, --task-events", "send task events for monitors")
    .option("--http-tasks", "serve celerity.webhook and celery.http_dispatch: tasks that call URLs")
    .option(
      "--metrics-port <number>",
      "serve metrics, drain score and health there; 0 takes a free port",
      portNumber,
    )
    .option("--metrics-host <address>", "address to serve them on", "127.0.0.1");
}

export function withLogOptions(command: Command): Command {
  const levels = ["debug", "info", "warning", "error", "critical", "fatal"];
  return command
    .addOption(
      new Option("-l, --loglevel <level>", "least level that is logged")
        .argParser((text) => {
          const level = text.toLowerCase();
          if (levels.includes(level)) return level;
          throw new InvalidArgumentError(`Levels: ${levels.join(", ")}.`);
        })
        .default("info"),
    )
    .addOption(new Option("--log-format <format>", "text or json").choices(["text", "json"]).default("text"))
    .option("-f, --logfile <file>", "file that the log is appended to; with --detach, all output");
}

/** Where a gateway keeps what it must remember. */
export function withStateOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--data-dir <folder>", "where data is kept").env("CELERITY_DATA_DIR").default(".celerity"),
    )
    .addOption(
      new Option(
        "--state <url>",
        "where the gateway remembers: SQLite, PostgreSQL or Redis, which several gateways share; default a file in the data folder",
      ).env("CELERITY_STATE"),
    );
}

export function withGatewayOptions(command: Command): Command {
  return withCallbackOptions(withStateOptions(command))
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("-p, --port <number>", "port to listen on; 0 takes a free one")
        .env("CELERITY_PORT")
        .argParser(portNumber)
        .default(DEFAULT_PORT),
    )
    .addOption(
      new Option(
        "--schedules <url or file>",
        "where schedules are kept: a SQL URL, or the file of beat's --schedule",
      ).env("CELERITY_SCHEDULES"),
    )
    .option(
      "--show-queues <names>",
      "queues to serve beside those of the settings, comma-separated",
      commaList,
    )
    .addOption(
      new Option("--hooks <file>", "webhooks and CloudEvents that come in, as JSON").env("CELERITY_HOOKS"),
    )
    .option("--no-flower-api", "do not serve Flower's API under /api")
    .option("--watch-workers", "listen for events of workers from the start, not from the first question on")
    .option(
      "--no-history",
      "keep nothing of what happens to tasks, and do not listen to events of workers for it",
    )
    .option("--require-keys", "ask every caller for a key; celerity api-keys makes them")
    .option("--tls-cert <file>", "speak HTTPS with this certificate (PEM, its chain after it)")
    .option("--tls-key <file>", "private key of --tls-cert (PEM)")
    .option("--tls-ca <file>", "authorities whose client certificates count (PEM)")
    .option("--audit-log <file>", "append a line of JSON for every request that changes something")
    .option("--access-log", "log a line for each request")
    .option("--allow-unauthenticated", "listen beyond loopback though nobody has to log in");
}

/** The environment as the app reads it: flags win over variables, and both over `defaults`. */
export function applyConnectionFlags(flags: ConnectionFlags, defaults: ConnectionFlags = {}): void {
  const broker = flags.broker ?? defaults.broker;
  const resultBackend = flags.resultBackend ?? defaults.resultBackend;
  if (broker !== undefined) process.env["CELERY_BROKER_URL"] = broker;
  if (resultBackend !== undefined) process.env["CELERY_RESULT_BACKEND"] = resultBackend;
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("It must be a whole number of 0 or more.");
}

/** `10,3` as Celery takes it: in any order, and a single number is the larger. */
function autoscaleRange(text: string): { readonly max: number; readonly min: number } {
  const [first = 0, second = 0] = text.split(",").map(wholeNumber);
  const max = Math.max(first, second);
  if (max === 0) throw new InvalidArgumentError("Write max,min, as 10,3.");
  return { max, min: Math.min(first, second) };
}

/** `cpu,render=prefork:2`, added to those given before. */
function poolFor(text: string, before: readonly PoolFor[] = []): readonly PoolFor[] {
  const [, names = "", pool = "", concurrency] = /^([^=]+)=([^:]+)(?::(\d+))?$/.exec(text) ?? [];
  const queues = names.split(",").map((name) => name.trim());
  if (pool === "" || queues.includes("")) {
    throw new InvalidArgumentError("Write queues=pool or queues=pool:concurrency, as cpu=prefork:2.");
  }
  const size = concurrency === undefined ? {} : { concurrency: wholeNumber(concurrency) };
  return [...before, { queues, pool, ...size }];
}

/** `a,b` as a list. */
export function commaList(text: string): readonly string[] {
  const items = text.split(",").map((item) => item.trim());
  if (!items.includes("")) return items;
  throw new InvalidArgumentError("Write names with commas between them.");
}

export function positiveNumber(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a number above 0.");
}

export function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a number from 0 to 65535.");
}

/** JSON from the command line, with an error that shows what was read. */
export function jsonArgument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError(`Not JSON: ${text.slice(0, 80)}`);
  }
}

/** Flags of a worker that are settings of its app. */
export function applyWorkerFlags({ httpTasks }: Pick<WorkerFlags, "httpTasks">): void {
  if (httpTasks === true) process.env["CELERY_HTTP_TASKS"] = "true";
}

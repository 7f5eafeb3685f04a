/** `celerity worker -A ./tasks.js`: runs tasks until it is told to stop. */
import { Command } from "commander";
import type { Logger } from "pino";
import { type App, loadApp, ownTaskNames } from "../../app/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { createWorker, type Worker, type WorkerOptions } from "../../worker/index.ts";
import { withConfigFile } from "../config/config-option.ts";
import { detach, tellReady } from "../detach.ts";
import { expandPath } from "../expand-node.ts";
import { createLogger } from "../logger.ts";
import {
  applyConnectionFlags,
  applyWorkerFlags,
  type ConnectionFlags,
  type WorkerFlags,
  withConnectionOptions,
  withLogOptions,
  withWorkerOptions,
} from "../options.ts";
import { writePidFile } from "../pid-file.ts";
import { onShutdown } from "../shutdown.ts";
import { isSupervised, restart } from "../supervise.ts";
import { warnOfRisks } from "../warn-of-risks.ts";
import { type BeatFlags, startableBeat, withBeatOptions } from "./beat.ts";

interface Flags extends WorkerFlags, ConnectionFlags, BeatFlags {
  readonly beat?: boolean;
}

export function workerCommand(): Command {
  const command = new Command("worker")
    .description("run tasks from the broker's queues")
    .requiredOption("-A, --app <module>", "JavaScript module that exports the app")
    .option("-B, --beat", "send periodic tasks too; with --lock, any number of workers may");
  const withOptions = withLogOptions(withWorkerOptions(withBeatOptions(withConnectionOptions(command))));
  return withConfigFile(withOptions, ["app", "worker", "beat", "log"]).action(runWorker);
}

async function runWorker(flags: Flags): Promise<void> {
  if (flags.detach === true) {
    const pid = await detach(expanded(flags.logfile, flags));
    process.stdout.write(`The worker runs in the background (process ${pid}).\n`);
    return;
  }
  applyConnectionFlags(flags);
  applyWorkerFlags(flags);
  const pidFile = expanded(flags.pidfile, flags);
  // The supervisor of a restarted worker has written its own number.
  if (pidFile !== undefined && !isSupervised()) writePidFile(pidFile);
  let app: App | undefined;
  const shutdown = onShutdown({ hasSoftPhase: () => (app?.settings.workerSoftShutdownTimeout ?? 0) > 0 });
  const logger = createLogger({ ...flags, logfile: expanded(flags.logfile, flags) });
  app = await loadApp(flags.app ?? "");
  const worker = startableWorker(app, flags, logger);
  const beat = flags.beat === true ? startableBeat(app, flags, logger) : undefined;
  process.stderr.write(describeWorker(worker, flags));
  // Before the broker answers there is nothing to drain.
  const started = worker.start().then(() => {
    logger.info({}, `${worker.hostname} ready.`);
    warnOfRisks(app, logger);
    beat?.start();
    tellReady();
  });
  await Promise.race([started, shutdown.requested]);
  const signal = await Promise.race([shutdown.requested, worker.shutdownRequested, worker.failed]);
  if (signal instanceof Error) throw signal;
  const sayCold = (): void => logger.warn({}, coldShutdown(worker.app.settings.workerSoftShutdownTimeout));
  if (shutdown.cold.aborted) sayCold();
  else {
    logger.info({}, `${signal}: warm shutdown, finishing what runs (again to stop at once)`);
    shutdown.cold.addEventListener("abort", sayCold);
  }
  await Promise.all([beat?.stop(), worker.stop(shutdown.cold, shutdown.now)]);
  await app.close();
  // A terminal that closes says SIGHUP too, and wants no new worker.
  if (signal === "SIGHUP" && !process.stdin.isTTY) await restart();
  process.exit(shutdown.cold.aborted ? 1 : 0);
}

function coldShutdown(softSeconds: number): string {
  const end = "cold shutdown, what runs goes back to its queue";
  return softSeconds === 0 ? end : `soft shutdown, finishing what runs for ${softSeconds} s; then ${end}`;
}

function expanded(path: string | undefined, { hostname }: WorkerFlags): string | undefined {
  return path === undefined ? undefined : expandPath(path, hostname);
}

/** A worker as the flags describe it. */
export function startableWorker(
  app: App,
  flags: WorkerFlags,
  logger: Logger,
  more: Pick<WorkerOptions, "onUncarriedEvent"> = {},
): Worker {
  return createWorker({
    ...more,
    app,
    logger,
    ...(flags.app === undefined ? {} : { appModule: flags.app }),
    ...(flags.autoscale === undefined ? {} : { autoscale: flags.autoscale }),
    ...(flags.statedb === undefined ? {} : { stateFile: flags.statedb }),
    ...(flags.withoutMingle === true ? { mingle: false } : {}),
    ...(flags.withoutGossip === true ? { gossip: false } : {}),
    ...(flags.poolFor === undefined ? {} : { poolFor: flags.poolFor }),
    ...(flags.childConcurrency === undefined ? {} : { childConcurrency: flags.childConcurrency }),
    ...(flags.maxTasksPerChild === undefined ? {} : { maxTasksPerChild: flags.maxTasksPerChild }),
    ...(flags.maxMemoryPerChild === undefined ? {} : { maxMemoryPerChild: flags.maxMemoryPerChild }),
    ...(flags.timeLimit === undefined ? {} : { timeLimit: flags.timeLimit }),
    ...(flags.softTimeLimit === undefined ? {} : { softTimeLimit: flags.softTimeLimit }),
    ...(flags.queues === undefined ? {} : { queues: flags.queues.split(",").map((name) => name.trim()) }),
    ...(flags.excludeQueues === undefined ? {} : { excludeQueues: flags.excludeQueues }),
    ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
    ...(flags.pool === undefined ? {} : { pool: flags.pool }),
    ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
    ...(flags.disablePrefetch === true ? { prefetchMultiplier: 1 } : {}),
    ...(flags.prefetchMultiplier === undefined ? {} : { prefetchMultiplier: flags.prefetchMultiplier }),
    ...(flags.taskEvents === undefined ? {} : { taskEvents: flags.taskEvents }),
    ...metricsOptions(flags),
  });
}

function metricsOptions({
  metricsPort: port,
  metricsHost: host,
}: WorkerFlags): Pick<WorkerOptions, "metrics"> {
  if (port === undefined) return {};
  return { metrics: { port, ...(host === undefined ? {} : { host }) } };
}

function describeWorker({ app, hostname, queues }: Worker, flags: WorkerFlags): string {
  const { settings } = app;
  const concurrency = flags.concurrency ?? settings.workerConcurrency ?? "default";
  const rows = [
    ["node", hostname],
    [
      "broker",
      splitBrokerUrls(settings.brokerReadUrl ?? settings.brokerUrl)
        .map(redactUrl)
        .join(" ; "),
    ],
    ["results", settings.resultBackend === null ? "none" : redactUrl(settings.resultBackend)],
    ["pool", `${flags.pool ?? settings.workerPool ?? "prefork"}, concurrency ${concurrency}`],
    ["queues", queues.map(({ name }) => name).join(", ")],
    ["tasks", ownTaskNames(app.tasks).join(", ")],
  ];
  return `${rows.map(([name = "", value = ""]) => `  ${name.padEnd(8)} ${value}`).join("\n")}\n`;
}

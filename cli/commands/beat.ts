/** `celerity beat -A ./tasks.js`: sends the app's periodic tasks when they are due. */
import { Command, Option } from "commander";
import type { Logger } from "pino";
import { type App, loadApp } from "../../app/index.ts";
import {
  type Beat,
  createBeat,
  createFileSeat,
  openAppScheduleStore,
  openSeat,
  scheduleDatabase,
  stateFile,
} from "../../beat/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { withConfigFile } from "../config/config-option.ts";
import { detach, tellReady } from "../detach.ts";
import { createLogger } from "../logger.ts";
import {
  applyConnectionFlags,
  type ConnectionFlags,
  type LogFlags,
  positiveNumber,
  withConnectionOptions,
  withLogOptions,
} from "../options.ts";
import { writePidFile } from "../pid-file.ts";
import { aborted, onShutdown } from "../shutdown.ts";

/** How a beat differs from what the app's settings say. */
export interface BeatFlags {
  readonly schedule?: string | undefined;
  readonly scheduler?: string | undefined;
  readonly maxInterval?: number;
  readonly lock?: string;
}

interface Flags extends BeatFlags, ConnectionFlags, LogFlags {
  readonly app: string;
  readonly pidfile?: string;
  readonly detach?: boolean;
}

export function beatCommand(): Command {
  const command = new Command("beat")
    .description("send periodic tasks when they are due")
    .requiredOption("-A, --app <module>", "JavaScript module that exports the app")
    .option("-D, --detach", "run in the background; returns when beat has started")
    .option("--pidfile <file>", "file for the process's number");
  const short = withBeatOptions(withConnectionOptions(command), "-S, --scheduler <file|database|url>");
  return withConfigFile(withLogOptions(short), ["app", "beat", "log"]).action(runBeat);
}

/** The options of a beat that `worker -B` has too; there `-S` means another thing. */
export function withBeatOptions(command: Command, scheduler = "--scheduler <file|database|url>"): Command {
  return command
    .option(
      "-s, --schedule <file>",
      "file that keeps what was run; .json is added (default: celerybeat-schedule)",
    )
    .option(scheduler, "where schedules are that may change: a file, or the tables of django-celery-beat")
    .option("--max-interval <seconds>", "longest sleep", positiveNumber)
    .addOption(
      new Option(
        "--lock <url>",
        "Redis, SQL or AMQP URL where several beats agree on the one that sends",
      ).env("CELERY_BEAT_LOCK"),
    );
}

async function runBeat(flags: Flags): Promise<void> {
  if (flags.detach === true) {
    const pid = await detach(flags.logfile);
    process.stdout.write(`Beat runs in the background (process ${pid}).\n`);
    return;
  }
  applyConnectionFlags(flags);
  if (flags.pidfile !== undefined) writePidFile(flags.pidfile);
  const shutdown = onShutdown();
  const logger = createLogger(flags);
  const app = await loadApp(flags.app);
  const beat = startableBeat(app, flags, logger);
  process.stderr.write(describeBeat(app, flags));
  beat.start();
  logger.info({}, "beat ready.");
  tellReady();
  const signal = await shutdown.requested;
  logger.info({}, `${signal}: beat stops`);
  await Promise.race([stopAll(app, beat), aborted(shutdown.cold)]);
  process.exit(0);
}

async function stopAll(app: App, beat: Beat): Promise<void> {
  await beat.stop();
  await app.close();
}

/** Where a beat keeps what. */
interface Places {
  readonly file: string;
  /** SQL URL of the schedules; undefined when they are in a file. */
  readonly database: string | undefined;
  /** undefined: this beat is alone. */
  readonly lock: string | undefined;
}

function placesOf(app: App, { schedule, scheduler, lock }: BeatFlags): Places {
  const { beatScheduleFilename, beatLock } = app.settings;
  const database = scheduleDatabase(app, scheduler);
  return {
    file: stateFile(schedule ?? beatScheduleFilename),
    database,
    lock: lock ?? beatLock ?? database,
  };
}

/** A beat as the flags describe it. Throws ConfigurationError. */
export function startableBeat(app: App, flags: BeatFlags, logger: Logger): Beat {
  const { beatSyncEvery: syncEvery, beatLockName: lockName } = app.settings;
  const { file, lock } = placesOf(app, flags);
  const onWarning = (message: string, err?: unknown): void => logger.warn({ err }, message);
  return createBeat({
    app,
    logger,
    seat:
      lock === undefined
        ? createFileSeat({ path: file, syncEvery, onWarning })
        : openSeat({ url: lock, lockName }),
    store: openAppScheduleStore(app, { ...flags, onWarning }),
    ...(flags.maxInterval === undefined ? {} : { maxInterval: flags.maxInterval }),
  });
}

function describeBeat(app: App, flags: BeatFlags): string {
  const { file, database, lock } = placesOf(app, flags);
  const rows = [
    ["broker", splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(" ; ")],
    ["schedules", database === undefined ? "the app's, and a file" : redactUrl(database)],
    ["memory", lock === undefined ? file : redactUrl(lock)],
  ];
  return `${rows.map(([name = "", value = ""]) => `  ${name.padEnd(10)} ${value}`).join("\n")}\n`;
}

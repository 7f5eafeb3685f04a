/** `celerity up`: gateway, dashboard, worker and beat in one process, on an embedded broker unless told otherwise. */

import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type App, loadApp, ownTaskNames } from "../../app/index.ts";
import { type Gateway, type RevokeTasks, schedulePlace } from "../../gateway/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { VERSION } from "../../version.ts";
import { revokeHere, type Worker } from "../../worker/index.ts";
import { withConfigFile } from "../config/config-option.ts";
import { createLogger } from "../logger.ts";
import {
  applyConnectionFlags,
  applyWorkerFlags,
  type ConnectionFlags,
  type GatewayFlags,
  type WorkerFlags,
  withConnectionOptions,
  withGatewayOptions,
  withLogOptions,
  withWorkerOptions,
} from "../options.ts";
import { onShutdown } from "../shutdown.ts";
import { warnOfRisks } from "../warn-of-risks.ts";
import { startableBeat } from "./beat.ts";
import { listenOptions, openGateway } from "./gateway.ts";
import { startableWorker } from "./worker.ts";

type Flags = GatewayFlags & ConnectionFlags & WorkerFlags;

/** The example tasks, beside this file in the package. */
const EXAMPLES: string = fileURLToPath(new URL("../../examples/tasks.js", import.meta.url));

export function upCommand(): Command {
  const command = new Command("up")
    .description(
      "serve the gateway, the dashboard, a worker and beat; the broker is embedded unless -b names one",
    )
    .option("-A, --app <module>", "JavaScript module that exports the app (default: the example tasks)");
  const withOptions = withLogOptions(withWorkerOptions(withGatewayOptions(withConnectionOptions(command))));
  return withConfigFile(withOptions, ["app", "gateway", "worker", "log"]).action(up);
}

async function up(flags: Flags): Promise<void> {
  const shutdown = onShutdown();
  const folder = resolve(flags.dataDir);
  await mkdir(folder, { recursive: true });
  const database = `sqlite:///${join(folder, "celerity.db")}`;
  // Results beside the embedded broker only: a broker elsewhere may have workers that cannot see this file.
  const embedded = flags.broker === undefined;
  applyWorkerFlags(flags);
  applyConnectionFlags(
    flags,
    embedded ? { broker: `sqla+${database}`, resultBackend: `db+${database}` } : {},
  );

  const logger = createLogger(flags);
  const app = await loadApp(flags.app ?? EXAMPLES);
  const schedules = flags.schedules ?? ownSchedules(app, folder);
  const worker = startableWorker(app, flags, logger, {
    ...(flags.history ? { onUncarriedEvent: (event) => gateway.hear(event) } : {}),
  });
  const showQueues = [...(flags.showQueues ?? []), ...worker.queues.map(({ name }) => name)];
  const gateway: Gateway = await openGateway(
    app,
    { ...flags, schedules, showQueues },
    logger,
    revokeFor(worker),
  );
  // First the port, then the rest: a port in use is the likeliest trouble.
  const { url } = await gateway.listen(listenOptions(flags));
  const beat = startableBeat(app, schedulePlace(schedules), logger);
  await Promise.race([worker.start().then(() => beat.start()), shutdown.requested]);
  warnOfRisks(app, logger);
  process.stdout.write(welcome(url, folder, worker));

  const signal = await shutdown.requested;
  logger.info({}, `${signal}: finishing what runs (again to stop at once)`);
  await gateway.close();
  await Promise.all([beat.stop(), worker.stop(shutdown.cold)]);
  await app.close();
  process.exit(shutdown.cold.aborted ? 1 : 0);
}

/** Schedules of this folder, unless the app's settings name a place of its own. */
function ownSchedules({ settings }: App, folder: string): string {
  if (settings.beatScheduler !== "file") return settings.beatScheduler;
  return `sqlite:///${join(folder, "schedules.db")}`;
}

/** All workers, or where the broker cannot tell them, as the embedded one cannot, this one alone. */
function revokeFor(worker: Worker): RevokeTasks {
  const { app } = worker;
  return async (taskIds, options) => {
    const { capabilities } = await app.connection();
    if (capabilities.exchangeTypes.includes("fanout")) await app.revoke(taskIds, options);
    else await revokeHere(worker, taskIds, options);
  };
}

function welcome(url: string, folder: string, { app, hostname, queues }: Worker): string {
  const { settings } = app;
  return `
Celerity ${VERSION} is ready.

  dashboard  ${url}/
  broker     ${splitBrokerUrls(settings.brokerUrl).map(redactUrl).join(" ; ")}
  results    ${settings.resultBackend === null ? "none (set --result-backend)" : redactUrl(settings.resultBackend)}
  data       ${folder}
  worker     ${hostname}, queues ${queues.map(({ name }) => name).join(", ")}
  tasks      ${ownTaskNames(app.tasks).join(", ")}

Send a task and wait for its result:

  curl -sS ${url}/v1/tasks -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{"task":"examples.add","args":[2,3]}'

Ctrl-C stops.
`;
}

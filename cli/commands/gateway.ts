/** `celerity gateway`: the HTTP door alone, in front of workers that run elsewhere. */
import { resolve } from "node:path";
import { Command } from "commander";
import type { Logger } from "pino";
import { type App, createApp } from "../../app/index.ts";
import { createGateway, type Gateway, type ListenOptions, type RevokeTasks } from "../../gateway/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { readKeyFile } from "../../signing/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { callbackOptions } from "../callback-options.ts";
import { withConfigFile } from "../config/config-option.ts";
import { readHooksFile } from "../hooks-file.ts";
import { createLogger } from "../logger.ts";
import {
  applyConnectionFlags,
  type ConnectionFlags,
  type GatewayFlags,
  type LogFlags,
  withConnectionOptions,
  withGatewayOptions,
  withLogOptions,
} from "../options.ts";
import { aborted, onShutdown } from "../shutdown.ts";
import { gatewayStateUrl } from "../state-url.ts";
import { warnOfRisks } from "../warn-of-risks.ts";

type Flags = GatewayFlags & ConnectionFlags & LogFlags;

export function gatewayCommand(): Command {
  const command = new Command("gateway").description("serve the HTTP gateway and the dashboard");
  const withOptions = withLogOptions(withGatewayOptions(withConnectionOptions(command)));
  return withConfigFile(withOptions, ["app", "gateway", "log"]).action(runGateway);
}

async function runGateway(flags: Flags): Promise<void> {
  applyConnectionFlags(flags);
  const shutdown = onShutdown();
  const logger = createLogger(flags);
  const app = createApp({ onWarning: (message, err) => logger.warn({ err }, message) });
  const gateway = await openGateway(app, flags, logger);
  const { url } = await gateway.listen(listenOptions(flags));
  const brokers = splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(" ; ");
  process.stdout.write(
    `Celerity gateway on ${url}\n  broker   ${brokers}\n  data     ${resolve(flags.dataDir)}\n`,
  );
  warnOfRisks(app, logger, ...(flags.state === undefined ? [] : [flags.state]));
  const signal = await shutdown.requested;
  logger.info({}, `${signal}: finishing what runs (again to stop at once)`);
  await Promise.race([gateway.close().then(() => app.close()), aborted(shutdown.cold)]);
  process.exit(shutdown.cold.aborted ? 1 : 0);
}

/** A gateway that remembers in the data folder, unless told where. */
export async function openGateway(
  app: App,
  flags: GatewayFlags,
  logger: Logger,
  revoke?: RevokeTasks,
): Promise<Gateway> {
  const { fileOptions: file = {}, publicUrl } = flags;
  const needsAccess = flags.requireKeys === true || file.access !== undefined;
  return createGateway({
    ...file,
    app,
    logger,
    ...(revoke === undefined ? {} : { revoke }),
    ...(flags.schedules === undefined ? {} : { schedules: flags.schedules }),
    flowerApi: flags.flowerApi,
    history: { ...file.history, enabled: flags.history },
    ...(flags.watchWorkers === undefined ? {} : { watchWorkers: flags.watchWorkers }),
    ...(flags.accessLog === undefined ? {} : { accessLog: flags.accessLog }),
    ...(flags.showQueues === undefined ? {} : { queues: flags.showQueues }),
    ...(flags.hooks === undefined ? {} : readHooksFile(flags.hooks)),
    stateUrl: await gatewayStateUrl(flags),
    ...(flags.allowUnauthenticated === undefined ? {} : { allowUnauthenticated: flags.allowUnauthenticated }),
    ...callbackOptions(flags, file),
    ...(needsAccess ? { access: { ...file.access, ...(publicUrl === undefined ? {} : { publicUrl }) } } : {}),
    ...(flags.auditLog === undefined ? {} : { auditLog: flags.auditLog }),
  });
}

/** Where to listen, and the texts of the TLS files. */
export function listenOptions({ host, port, tlsCert, tlsKey, tlsCa }: GatewayFlags): ListenOptions {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return { host, port };
  if (tlsCert === undefined || tlsKey === undefined)
    throw new ConfigurationError("HTTPS needs both --tls-cert and --tls-key.");
  const [cert, key] = [readKeyFile(tlsCert), readKeyFile(tlsKey)];
  return { host, port, tls: { cert, key, ...(tlsCa === undefined ? {} : { ca: readKeyFile(tlsCa) }) } };
}

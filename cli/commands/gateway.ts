/** `celerity gateway`: the HTTP door alone, in front of workers that run elsewhere. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { Logger } from "pino";
import { type App, createApp } from "../../app/index.ts";
import { createGateway, type Gateway, type RevokeTasks } from "../../gateway/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
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
import { onShutdown } from "../shutdown.ts";

type Flags = GatewayFlags & ConnectionFlags & LogFlags;

export function gatewayCommand(): Command {
  const command = new Command("gateway").description("serve the HTTP gateway and the dashboard");
  return withLogOptions(withGatewayOptions(withConnectionOptions(command))).action(runGateway);
}

async function runGateway(flags: Flags): Promise<void> {
  applyConnectionFlags(flags);
  const shutdown = onShutdown();
  const logger = createLogger(flags);
  const app = createApp({ onWarning: (message, err) => logger.warn({ err }, message) });
  const gateway = await openGateway(app, flags, logger);
  const { url } = await gateway.listen({ host: flags.host, port: flags.port });
  const brokers = splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(" ; ");
  process.stdout.write(
    `Celerity gateway on ${url}\n  broker   ${brokers}\n  data     ${resolve(flags.dataDir)}\n`,
  );
  await shutdown.requested;
  await gateway.close();
  await app.close();
  process.exit(0);
}

/** A gateway that keeps its task index in the data folder. */
export async function openGateway(
  app: App,
  flags: GatewayFlags,
  logger: Logger,
  revoke?: RevokeTasks,
): Promise<Gateway> {
  const folder = resolve(flags.dataDir);
  await mkdir(folder, { recursive: true });
  return createGateway({
    app,
    logger,
    ...(revoke === undefined ? {} : { revoke }),
    ...(flags.schedules === undefined ? {} : { schedules: flags.schedules }),
    indexUrl: `sqlite:///${join(folder, "gateway.db")}`,
    ...(flags.allowUnauthenticated === undefined ? {} : { allowUnauthenticated: flags.allowUnauthenticated }),
  });
}

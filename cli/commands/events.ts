/** `celerity events`: watches what workers of any language do, live on a terminal or as lines for other programs. */
import { Command } from "commander";
import { type App, createApp, createEventReceiver } from "../../app/index.ts";
import { toError, writePythonJson } from "../../protocol/index.ts";
import { createDumper } from "../events/dump.ts";
import { Monitor } from "../events/monitor.ts";
import { usesColor } from "../logger.ts";
import { applyConnectionFlags, type ConnectionFlags, withConnectionOptions } from "../options.ts";
import { printWarning } from "../print-warning.ts";

interface EventsFlags extends ConnectionFlags {
  readonly dump?: boolean;
  readonly json?: boolean;
}

export function eventsCommand(): Command {
  const command = new Command("events")
    .description("watch tasks and workers; without a terminal, or with --dump, one line for each event")
    .option("-d, --dump", "print events as text")
    .option("-j, --json", "print events as JSON");
  return withConnectionOptions(command).action(watch);
}

async function watch(flags: EventsFlags): Promise<void> {
  applyConnectionFlags(flags);
  const isLive = flags.dump !== true && flags.json !== true && process.stdin.isTTY && process.stdout.isTTY;
  if (!isLive) {
    await using app = createApp({ onWarning: printWarning });
    return await dump(app, flags.json === true);
  }
  let monitor: Monitor | undefined;
  await using app = createApp({
    // A warning on the terminal would draw over the screen.
    onWarning(message, error) {
      const isShown = monitor?.notify(
        error === undefined ? message : `${message}: ${toError(error).message}`,
      );
      if (isShown !== true) printWarning(message, error);
    },
  });
  monitor = new Monitor({ app, hasColor: usesColor(process.stdout) });
  onSignal(() => monitor?.end());
  await monitor.run();
}

/** Prints until it is told to stop, or nobody reads any more. */
async function dump(app: App, asJson: boolean): Promise<void> {
  const describe = asJson ? writePythonJson : createDumper();
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const ended = new Promise<void>((resolve) => {
    onSignal(resolve);
    process.stdout.on("error", () => resolve());
  });
  const receiver = createEventReceiver({ app, onEvent: (event) => print(describe(event)) });
  if (!asJson) print("-> evdump: starting capture...");
  await receiver.start();
  await ended;
  await receiver.stop();
}

function onSignal(stop: () => void): void {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, stop);
}

/** `celerity purge`: removes the messages that wait in queues. */
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { createApp } from "../../app/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { applyConnectionFlags, type ConnectionFlags, commaList, withConnectionOptions } from "../options.ts";
import { printWarning } from "../print-warning.ts";

interface PurgeFlags extends ConnectionFlags {
  readonly force?: boolean;
  readonly queues?: readonly string[];
  readonly excludeQueues?: readonly string[];
}

export function purgeCommand(): Command {
  const command = new Command("purge")
    .description("remove all messages that wait in queues; there is no way back")
    .option("-f, --force", "do not ask")
    .option("-Q, --queues <names>", "queues to empty, comma-separated; default: the app's", commaList)
    .option("-X, --exclude-queues <names>", "queues to leave alone, comma-separated", commaList);
  return withConnectionOptions(command).action(purge);
}

async function purge(flags: PurgeFlags): Promise<void> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  const excluded = new Set(flags.excludeQueues);
  const known = flags.queues ?? app.router.defaultQueues.map(({ name }) => name);
  const names = known.filter((name) => !excluded.has(name));
  if (names.length === 0) throw new ConfigurationError("No queue is left to purge.");
  if (flags.force !== true && !(await isSure(names))) {
    process.stdout.write("Nothing was removed.\n");
    return;
  }
  const connection = await app.connection();
  let count = 0;
  for (const name of names) count += await connection.purgeQueue(name);
  process.stdout.write(
    `Removed ${count} message${count === 1 ? "" : "s"} from ${names.length} queue${names.length === 1 ? "" : "s"}.\n`,
  );
}

async function isSure(names: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new ConfigurationError(
      "purge asks before it removes anything; use --force where nobody can answer.",
    );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const question = `This removes all messages from ${names.join(", ")}, and nothing brings them back. Sure? [y/N] `;
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

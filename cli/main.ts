#!/usr/bin/env node
/** `celerity`: parses arguments and hands them to one command. Flags that Celery has are named as in Celery. */
import { Command } from "commander";
import { toError } from "../protocol/index.ts";
import { VERSION } from "../version.ts";
import { callCommand } from "./commands/call.ts";
import { deadLetterCommand } from "./commands/dead-letter.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { keysCommand } from "./commands/keys.ts";
import { multiCommand } from "./commands/multi.ts";
import { purgeCommand } from "./commands/purge.ts";
import { controlCommand, inspectCommand, statusCommand } from "./commands/remote.ts";
import { resultCommand } from "./commands/result.ts";
import { upCommand } from "./commands/up.ts";
import { workerCommand } from "./commands/worker.ts";
import { exitCodeOf } from "./exit-codes.ts";

const program = new Command("celerity")
  .description("Celery's task protocol for every language: gateway, worker and client.")
  .version(VERSION, "-V, --version", "print the version")
  .showHelpAfterError("(celerity --help shows all commands)")
  .addHelpText(
    "after",
    `
Every setting of Celery can also be given in the environment: CELERY_BROKER_URL,
CELERY_RESULT_BACKEND, CELERY_TASK_DEFAULT_QUEUE, ...`,
  );

const COMMANDS = [
  upCommand,
  workerCommand,
  gatewayCommand,
  callCommand,
  resultCommand,
  inspectCommand,
  controlCommand,
  statusCommand,
  purgeCommand,
  deadLetterCommand,
  multiCommand,
  keysCommand,
];
for (const command of COMMANDS) {
  program.addCommand(command());
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`celerity: ${toError(error).message}\n`);
  process.exit(exitCodeOf(error));
}

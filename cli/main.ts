#!/usr/bin/env node
/** `celerity`: parses arguments and hands them to one command. Flags that Celery has are named as in Celery. */
import { Command } from "commander";
import { toError } from "../protocol/index.ts";
import { VERSION } from "../version.ts";
import { callCommand } from "./commands/call.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { keysCommand } from "./commands/keys.ts";
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

for (const command of [upCommand, workerCommand, gatewayCommand, callCommand, resultCommand, keysCommand]) {
  program.addCommand(command());
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`celerity: ${toError(error).message}\n`);
  process.exit(exitCodeOf(error));
}

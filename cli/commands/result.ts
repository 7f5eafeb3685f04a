/** `celerity result ID`: prints the result of a task. */
import { Command } from "commander";
import { createApp, TaskError } from "../../app/index.ts";
import { writePythonJson } from "../../protocol/index.ts";
import { applyConnectionFlags, type ConnectionFlags, withConnectionOptions } from "../options.ts";
import { printWarning } from "../print-warning.ts";

interface ResultFlags extends ConnectionFlags {
  readonly traceback?: boolean;
  readonly timeout?: number;
}

export function resultCommand(): Command {
  const command = new Command("result")
    .description("print the result of a task, waiting for it if need be")
    .argument("<id>", "the task's id")
    .option("--traceback", "show the traceback of a failed task")
    .option("--timeout <seconds>", "stop waiting after this long; exit code 75", Number);
  return withConnectionOptions(command).action(showResult);
}

async function showResult(id: string, flags: ResultFlags): Promise<void> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  try {
    const result = await app
      .result(id)
      .get(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout * 1000 });
    process.stdout.write(`${writePythonJson(result)}\n`);
  } catch (error) {
    if (error instanceof TaskError && flags.traceback === true && error.remoteTraceback !== null) {
      process.stderr.write(`${error.remoteTraceback}\n`);
    }
    throw error;
  }
}

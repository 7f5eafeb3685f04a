/** `celerity result ID`: prints the result of a task or of a saved group. */
import { Command, Option } from "commander";
import { type AnyResult, type App, createApp, isTaskError } from "../../app/index.ts";
import { ConfigurationError, WaitTimeoutError, writePythonJson } from "../../protocol/index.ts";
import {
  applyConnectionFlags,
  type ConnectionFlags,
  positiveNumber,
  withConnectionOptions,
} from "../options.ts";
import { plainText } from "../plain-text.ts";
import { printWarning } from "../print-warning.ts";

interface ResultFlags extends ConnectionFlags {
  readonly traceback?: boolean;
  readonly timeout?: number;
  readonly wait: boolean;
  readonly group?: boolean;
  readonly json?: boolean;
  readonly children?: boolean;
  readonly cleanup?: boolean;
}

export function resultCommand(): Command {
  const command = new Command("result")
    .description("print the result of a task, waiting for it if need be")
    .argument("[id]", "the task's id, or with --group the id of a saved group")
    .option("--traceback", "show the traceback of a failed task")
    .option("--timeout <seconds>", "stop waiting after this long; exit code 75", positiveNumber)
    .option("--no-wait", "do not wait: exit code 75 when there is no result yet")
    .option("--group", "all values of a group that was saved, as one list")
    .option("--json", "all that is stored of the task now, as JSON")
    .addOption(
      new Option("--children", "wait for the task and all that it led to; a line for each").conflicts("json"),
    )
    .option("--cleanup", "remove results that have expired, and print how many");
  return withConnectionOptions(command).action(showResult);
}

async function showResult(id: string | undefined, flags: ResultFlags): Promise<void> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  if (flags.cleanup === true) return print(String(await app.cleanupResults()));
  if (id === undefined) throw new ConfigurationError("Name the task: celerity result <id>.");
  try {
    await show(await find(app, id, flags), app, flags);
  } catch (error) {
    if (isTaskError(error) && flags.traceback === true && error.remoteTraceback !== null) {
      process.stderr.write(`${error.remoteTraceback}\n`);
    }
    throw error;
  }
}

async function find(app: App, id: string, { group }: ResultFlags): Promise<AnyResult> {
  if (group !== true) return app.result(id);
  const restored = await app.restoreGroup(id);
  if (restored !== undefined) return restored;
  throw new ConfigurationError(
    `No group ${plainText(id)} is saved; its sender has to call save() on its result.`,
  );
}

async function show(result: AnyResult, app: App, flags: ResultFlags): Promise<void> {
  if (flags.json === true) return print(writePythonJson(await storedOf(result, app)));
  if (!flags.wait && !(await result.ready())) {
    throw new WaitTimeoutError(`Result ${plainText(result.id)} is not there yet.`);
  }
  const wait = flags.timeout === undefined ? {} : { timeoutMs: flags.timeout * 1000 };
  if (flags.children !== true) return print(writePythonJson(await result.get(wait)));
  for await (const { result: found, value } of result.collect(wait)) {
    print(`${plainText(found.id)} ${writePythonJson(value)}`);
  }
}

/** The documents of all tasks of a result: one, or a group's list. */
async function storedOf(result: AnyResult, app: App): Promise<unknown> {
  if (!("taskIds" in result)) return (await result.document()) ?? null;
  return Promise.all(result.taskIds.map(async (id) => (await app.result(id).document()) ?? null));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `celerity call examples.add -a '[2, 3]'`: sends a task and prints its id, or with --wait its result. */
import { Command } from "commander";
import { createApp, type SendOptions } from "../../app/index.ts";
import { ConfigurationError, isPlainObject, writePythonJson } from "../../protocol/index.ts";
import {
  applyConnectionFlags,
  type ConnectionFlags,
  jsonArgument,
  wholeNumber,
  withConnectionOptions,
} from "../options.ts";
import { printWarning } from "../print-warning.ts";

interface CallFlags extends ConnectionFlags {
  readonly args: unknown;
  readonly kwargs: unknown;
  readonly eta?: string;
  readonly countdown?: number;
  readonly expires?: string;
  readonly serializer?: string;
  readonly queue?: string;
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly priority?: number;
  readonly wait?: number;
}

export function callCommand(): Command {
  const command = new Command("call")
    .description("send a task by name and print its id")
    .argument("<task>", "name of the task")
    .option("-a, --args <json>", "positional arguments, a JSON list", jsonArgument, [])
    .option("-k, --kwargs <json>", "keyword arguments, a JSON object", jsonArgument, {})
    .option("--eta <time>", "earliest time to run, ISO 8601")
    .option("--countdown <seconds>", "seconds to wait before it runs", Number)
    .option("--expires <time>", "latest time to start: ISO 8601, or seconds from now")
    .option("--serializer <name>", "json, yaml or msgpack")
    .option("--queue <name>", "queue to send to")
    .option("--exchange <name>", "exchange to publish to")
    .option("--routing-key <key>", "routing key to publish with")
    .option("--priority <number>", "0 to 9", wholeNumber)
    .option("--wait <seconds>", "wait for the result and print it instead", Number);
  return withConnectionOptions(command).action(call);
}

async function call(task: string, flags: CallFlags): Promise<void> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  const options = toSendOptions(flags);
  if (flags.wait === undefined) {
    process.stdout.write(`${(await app.sendTask(task, options)).id}\n`);
    return;
  }
  const result = await app.call(task, { ...options, timeoutMs: flags.wait * 1000 });
  process.stdout.write(`${writePythonJson(result)}\n`);
}

function toSendOptions({
  args,
  kwargs,
  expires,
  wait: _wait,
  broker: _broker,
  resultBackend: _results,
  ...rest
}: CallFlags): SendOptions {
  if (!Array.isArray(args)) throw new ConfigurationError("--args must be a JSON list, such as '[2, 3]'.");
  if (!isPlainObject(kwargs))
    throw new ConfigurationError("--kwargs must be a JSON object, such as '{\"x\": 2}'.");
  const seconds = Number(expires);
  return {
    ...rest,
    args,
    kwargs,
    ...(expires === undefined ? {} : { expires: Number.isNaN(seconds) ? expires : seconds }),
  };
}

/** `celerity inspect`, `control` and `status`: asks workers of any language, and tells them what to do. */
import { Command, Option } from "commander";
import { ask, type ControlOptions, type ControlReplies, createApp } from "../../app/index.ts";
import {
  ConfigurationError,
  isPlainObject,
  type PlainObject,
  writePythonJson,
} from "../../protocol/index.ts";
import { EXIT_UNAVAILABLE } from "../exit-codes.ts";
import {
  applyConnectionFlags,
  type ConnectionFlags,
  commaList,
  positiveNumber,
  withConnectionOptions,
} from "../options.ts";
import { printWarning } from "../print-warning.ts";
import { CONTROL, describeCommands, INSPECT, readArguments } from "../remote-commands.ts";

interface RemoteFlags extends ConnectionFlags {
  readonly timeout: number;
  readonly destination?: readonly string[];
  readonly pattern?: string;
  readonly json?: boolean;
}

export function inspectCommand(): Command {
  return remoteCommand("inspect", "ask running workers", INSPECT);
}

export function controlCommand(): Command {
  return remoteCommand("control", "tell running workers what to do", CONTROL);
}

export function statusCommand(): Command {
  const command = new Command("status").description("show which workers are online");
  return withRemoteOptions(command).action(async (flags: RemoteFlags) => {
    const replies = await send("ping", {}, flags);
    if (flags.json === true) return printJson(replies);
    for (const node of Object.keys(replies).sort()) process.stdout.write(`->  ${node}: OK\n`);
    printCount(replies);
  });
}

function remoteCommand(name: string, description: string, commands: typeof INSPECT): Command {
  const command = new Command(name)
    .description(description)
    .argument("<command>", "one of those below; a command of your own works too")
    .argument("[arguments...]", "what the command takes")
    .addHelpText("after", `\nCommands:\n${describeCommands(commands)}`);
  return withRemoteOptions(command).action(async (method: string, given: string[], flags: RemoteFlags) => {
    const known = Object.hasOwn(commands, method) ? commands[method] : undefined;
    const other = commands === INSPECT ? CONTROL : INSPECT;
    if (known === undefined && Object.hasOwn(other, method)) {
      throw new ConfigurationError(
        `"${method}" is a command of celerity ${other === INSPECT ? "inspect" : "control"}.`,
      );
    }
    const args = known === undefined ? keywords(given) : readArguments(method, known, given);
    if (method === "shutdown") return await sendOnly(method, args, flags);
    const replies = await send(method, args, flags);
    if (flags.json === true) return printJson(replies);
    for (const [node, reply] of Object.entries(replies)) process.stdout.write(describeReply(node, reply));
    printCount(replies);
  });
}

function withRemoteOptions(command: Command): Command {
  return withConnectionOptions(command)
    .option("-t, --timeout <seconds>", "how long answers are awaited", positiveNumber, 1)
    .option("-d, --destination <nodes>", "these workers alone, comma-separated", commaList)
    .addOption(
      new Option(
        "--pattern <glob>",
        "workers whose names fit alone; * is any text, ? one character",
      ).conflicts("destination"),
    )
    .option("-j, --json", "print JSON");
}

/** A command that the table does not have takes its arguments as name=value. */
function keywords(given: readonly string[]): PlainObject {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf("=");
      if (at === -1) throw new ConfigurationError(`Write "${pair}" as name=value.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function send(method: string, args: PlainObject, flags: RemoteFlags): Promise<ControlReplies> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  const replies = await ask(app, method, {
    ...audience(flags),
    arguments: args,
    timeoutMs: flags.timeout * 1000,
  });
  if (Object.keys(replies).length > 0) return replies;
  process.stderr.write(
    `celerity: no worker answered within ${flags.timeout} s; are they running, on this broker? (--timeout waits longer)\n`,
  );
  process.exit(EXIT_UNAVAILABLE);
}

/** Who is asked: everybody, unless the flags say otherwise. */
function audience({ destination, pattern }: RemoteFlags): Pick<ControlOptions, "destination" | "pattern"> {
  return {
    ...(destination === undefined ? {} : { destination }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

/** Shutdown is never answered. */
async function sendOnly(method: string, args: PlainObject, flags: RemoteFlags): Promise<void> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  await ask(app, method, { ...audience(flags), arguments: args, timeoutMs: 100 });
  process.stdout.write("sent\n");
}

function describeReply(node: string, reply: unknown): string {
  const text = isPlainObject(reply) && typeof reply["ok"] === "string" ? reply["ok"] : undefined;
  const error = isPlainObject(reply) && typeof reply["error"] === "string" ? reply["error"] : undefined;
  const body = text ?? error ?? pretty(reply);
  const indented = body
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  return `->  ${node}: ${error === undefined ? "OK" : "ERROR"}\n${indented}\n`;
}

function pretty(reply: unknown): string {
  if (Array.isArray(reply))
    return reply.length === 0 ? "- empty -" : reply.map((item) => `* ${plain(item)}`).join("\n");
  return plain(reply);
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : writePythonJson(value);
}

function printJson(replies: ControlReplies): void {
  process.stdout.write(`${writePythonJson(withoutInfinity(replies))}\n`);
}

/** Python answers with Infinity, which is no JSON: it is printed as text. */
function withoutInfinity(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(withoutInfinity);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutInfinity(item)]));
}

function printCount(replies: ControlReplies): void {
  const count = Object.keys(replies).length;
  process.stdout.write(`\n${count} node${count === 1 ? "" : "s"} online.\n`);
}

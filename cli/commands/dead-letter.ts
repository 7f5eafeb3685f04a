/** `celerity dead-letter list|show|replay|drop`: messages that no worker could run. */
import { Command, InvalidArgumentError } from "commander";
import { createApp, type DeadLetter, type DeadLetterVerdict, visitDeadLetters } from "../../app/index.ts";
import { ConfigurationError, writePythonJson } from "../../protocol/index.ts";
import {
  applyConnectionFlags,
  type ConnectionFlags,
  wholeNumber,
  withConnectionOptions,
} from "../options.ts";
import { printWarning } from "../print-warning.ts";

interface DeadLetterFlags extends ConnectionFlags {
  readonly queue: string;
  readonly limit: number;
  readonly json?: boolean;
  readonly all?: boolean;
}

export function deadLetterCommand(): Command {
  const command = new Command("dead-letter").description(
    "look at messages that no worker could run, send them again, or drop them",
  );
  command.addCommand(
    subcommand("list", "list them, the oldest first")
      .option("-j, --json", "print JSON, a letter a line")
      .action(list),
  );
  command.addCommand(
    subcommand("show", "show one with its headers and body").argument("<which>", WHICH).action(show),
  );
  command.addCommand(
    subcommand("replay", "send some to their queue again, as they were")
      .argument("[which...]", WHICH)
      .option("--all", "all that --limit allows")
      .action((which: string[], flags: DeadLetterFlags) => change(which, flags, "replay", "Sent again")),
  );
  command.addCommand(
    subcommand("drop", "remove some for good")
      .argument("[which...]", WHICH)
      .option("--all", "all that --limit allows")
      .action((which: string[], flags: DeadLetterFlags) => change(which, flags, "drop", "Dropped")),
  );
  return command;
}

const WHICH = "a task id, or a position in the list";

function subcommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .option("-Q, --queue <name>", "the queue they came from", "celery")
    .option("--limit <number>", "look at so many at most, the oldest first", atLeastOne, 1000);
  return withConnectionOptions(command);
}

function atLeastOne(text: string): number {
  const number = wholeNumber(text);
  if (number >= 1) return number;
  throw new InvalidArgumentError("It must be 1 or more.");
}

async function visit(
  flags: DeadLetterFlags,
  judge: (letter: DeadLetter) => DeadLetterVerdict,
): Promise<void> {
  applyConnectionFlags(flags);
  await using app = createApp({ onWarning: printWarning });
  await visitDeadLetters(app, flags.queue, flags.limit, judge);
}

async function list(flags: DeadLetterFlags): Promise<void> {
  let count = 0;
  await visit(flags, (letter) => {
    count += 1;
    process.stdout.write(`${flags.json === true ? asJson(letter) : asLine(letter)}\n`);
    return "keep";
  });
  if (flags.json !== true && count === 0)
    process.stdout.write(`No dead letters of the queue ${flags.queue}.\n`);
}

async function show(which: string, flags: DeadLetterFlags): Promise<void> {
  let isFound = false;
  await visit(flags, (letter) => {
    if (!isMeant(letter, which)) return "keep";
    isFound = true;
    const { message } = letter;
    process.stdout.write(
      `${asLine(letter)}\nheaders  ${writePythonJson(message.headers)}\ntype     ${message.contentType ?? "none"}\nbody     ${bodyText(message.body)}\n`,
    );
    return "keep";
  });
  if (!isFound) throw notFound([which], flags);
}

async function change(
  which: readonly string[],
  flags: DeadLetterFlags,
  verdict: "replay" | "drop",
  word: string,
): Promise<void> {
  if ((which.length === 0) === (flags.all !== true))
    throw new ConfigurationError("Name letters by task id or position, or give --all.");
  const missing = new Set(which);
  let count = 0;
  await visit(flags, (letter) => {
    const named = which.filter((one) => isMeant(letter, one));
    if (flags.all !== true && named.length === 0) return "keep";
    for (const one of named) missing.delete(one);
    count += 1;
    return verdict;
  });
  process.stdout.write(`${word}: ${count}\n`);
  if (missing.size > 0) throw notFound([...missing], flags);
}

function isMeant({ id, position, taskId }: DeadLetter, which: string): boolean {
  return id === which || taskId === which || String(position) === which;
}

function notFound(which: readonly string[], { queue, limit }: DeadLetterFlags): ConfigurationError {
  return new ConfigurationError(
    `No dead letter ${which.join(", ")} among the oldest ${limit} of the queue ${queue}; "celerity dead-letter list -Q ${queue}" shows them.`,
  );
}

function asLine({
  position,
  at,
  code,
  task = "unknown task",
  taskId = "unknown id",
  reason,
}: DeadLetter): string {
  // One line for each letter, whatever a stranger put into its headers.
  return `${position}  ${at}  ${code}  ${task}[${taskId}]  ${reason}`.replace(/[\p{Cc}\u2028\u2029]/gu, "?");
}

function asJson({ message, ...letter }: DeadLetter): string {
  return writePythonJson({ ...letter, bytes: message.body.byteLength });
}

/** Longest body that is printed whole, in characters. */
const MAX_BODY = 10_000;

function bodyText(body: Uint8Array): string {
  const text = Buffer.from(body).toString("utf8");
  const shown = text.includes("\ufffd") ? `base64 ${Buffer.from(body).toString("base64")}` : text;
  return shown.slice(0, MAX_BODY).replace(/[\p{Cc}\u2028\u2029]/gu, "?");
}

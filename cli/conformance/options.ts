/** Options of `celerity conformance`, and what they come to. */
import { spawnSync } from "node:child_process";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  LEVELS,
  loadSuite,
  ROLES,
  readPatterns,
  type Selection,
  type ServerChoice,
  type Suite,
  selectVectors,
  type Vector,
} from "../../conformance/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { commaList, positiveNumber, wholeNumber } from "../options.ts";

/** Which vectors. */
export interface SelectionFlags {
  readonly id?: string;
  readonly level?: readonly string[];
  readonly role?: readonly string[];
  readonly feature?: readonly string[];
  readonly vectors?: string;
}

/** How an adapter is run. */
export interface AdapterFlags extends ServerChoice {
  readonly timeout: number;
  readonly validate?: boolean;
  /** A worker without an adapter, as a shell starts it. */
  readonly cmd?: string;
  /** The features that it has. */
  readonly has?: readonly string[];
  /** How to run the adapter of a real Celery that takes part. */
  readonly oracle?: string;
}

export interface RunFlags extends SelectionFlags, AdapterFlags {
  readonly parallel: number;
  readonly strict?: boolean;
  readonly knownFailing?: string;
  readonly knownFlaky?: string;
  readonly report?: string;
}

export function withSelectionOptions(command: Command): Command {
  return command
    .option("-i, --id <patterns>", "only these ids: with commas, or @file; * is one part, ** any")
    .addOption(new Option("--level <names>", "only these levels").argParser(namesOf(LEVELS)))
    .addOption(new Option("--role <names>", "only vectors for these roles").argParser(namesOf(ROLES)))
    .option(
      "--feature <names>",
      "only vectors about these features: serializers:json, compression, eta",
      commaList,
    )
    .option("--vectors <folder>", "vectors from there instead of those of this program");
}

export function withAdapterOptions(command: Command): Command {
  return command
    .option("--timeout <seconds>", "how long an answer or a step may take", positiveNumber, 10)
    .option("--broker <url>", "redis://..., amqp://... or sqlite; default: an embedded server")
    .option("--backend <url>", "the result store; default: the broker, or an embedded server")
    .option("--validate", "explain every line that breaks the contract");
}

export function withWorkerOptions(command: Command): Command {
  return command
    .option("--cmd <command>", "a worker instead of an adapter: its environment tells it where to work")
    .option("--has <features>", "with --cmd, the features that it has; default: all", commaList)
    .option(
      "--oracle <command>",
      "a real Celery's adapter (python adapter.py): it runs what producers publish (L1), and publishes for workers (L2)",
    );
}

export function withRunOptions(command: Command): Command {
  return withWorkerOptions(withAdapterOptions(withSelectionOptions(command)))
    .option("--parallel <number>", "commands that wait for answers at once", wholeNumber, 8)
    .option(
      "--rooms <urls>",
      "further databases or virtual hosts of the broker, for workers that others must not disturb: these run beside each other then",
      commaList,
    )
    .option("--strict", "count a SHOULD as a MUST")
    .option("--known-failing <patterns>", "ids that must fail: with commas, or @file")
    .option("--known-flaky <patterns>", "ids that may fail: with commas, or @file")
    .option("--report <folder>", "write reports there: report.html, report.json and others");
}

/** Throws ConfigurationError when nothing is left. */
export function selected(flags: SelectionFlags): {
  readonly suite: Suite;
  readonly vectors: readonly Vector[];
} {
  const suite = loadSuite(flags.vectors);
  const selection: Selection = {
    ids: flags.id === undefined ? undefined : readPatterns(flags.id),
    levels: flags.level,
    roles: flags.role,
    features: flags.feature,
  };
  const vectors = selectVectors(suite.vectors, selection);
  if (vectors.length > 0) return { suite, vectors };
  throw new ConfigurationError("No vector is selected; celerity conformance list shows all of them.");
}

/** The vector of an id. Throws ConfigurationError. */
export function vectorOf(
  id: string,
  flags: Pick<SelectionFlags, "vectors">,
): { readonly suite: Suite; readonly vector: Vector } {
  const suite = loadSuite(flags.vectors);
  const vector = suite.vectors.find((candidate) => candidate.id === id);
  if (vector !== undefined) return { suite, vector };
  throw new ConfigurationError(`There is no vector ${id}; celerity conformance list shows all of them.`);
}

/** An adapter's program and its arguments, as they stand after `--`, or what starts a worker. Throws ConfigurationError. */
export function programOf(
  words: readonly string[],
  { cmd, has }: Pick<AdapterFlags, "cmd" | "has">,
): readonly [string, ...string[]] {
  const [program, ...args] = words;
  if (cmd !== undefined && program !== undefined)
    throw new ConfigurationError("Name a worker with --cmd, or an adapter after --, but not both.");
  if (cmd !== undefined) return workerProgram(cmd);
  if (has !== undefined)
    throw new ConfigurationError("--has is for workers of --cmd: an adapter tells its features itself.");
  if (program !== undefined) return [program, ...args];
  throw new ConfigurationError("Name the adapter after --, as in: celerity conformance run -- ./adapter");
}

/** A shell reads the words and is replaced by the program, so that this gets SIGTERM. */
function workerProgram(cmd: string): readonly [string, ...string[]] {
  const { status } = spawnSync("sh", ["-c", `set -- ${cmd}\ncommand -v -- "$1"`], { stdio: "ignore" });
  if (status === 0) return ["sh", "-c", `exec ${cmd}`];
  throw new ConfigurationError(`--cmd ${cmd}: there is no such program.`);
}

function namesOf(table: Readonly<Record<string, unknown>>) {
  return (text: string): readonly string[] => {
    const names = commaList(text);
    const unknown = names.find((name) => !Object.hasOwn(table, name));
    if (unknown === undefined) return names;
    throw new InvalidArgumentError(`Known are ${Object.keys(table).join(", ")}.`);
  };
}

/** Options of `celerity conformance`, and what they come to. */
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

export function withRunOptions(command: Command): Command {
  return withAdapterOptions(withSelectionOptions(command))
    .option("--parallel <number>", "commands that wait for answers at once", wholeNumber, 8)
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

/** An adapter's program and its arguments, as they stand after `--`. Throws ConfigurationError. */
export function programOf(words: readonly string[]): readonly [string, ...string[]] {
  const [program, ...args] = words;
  if (program !== undefined) return [program, ...args];
  throw new ConfigurationError("Name the adapter after --, as in: celerity conformance run -- ./adapter");
}

function namesOf(table: Readonly<Record<string, unknown>>) {
  return (text: string): readonly string[] => {
    const names = commaList(text);
    const unknown = names.find((name) => !Object.hasOwn(table, name));
    if (unknown === undefined) return names;
    throw new InvalidArgumentError(`Known are ${Object.keys(table).join(", ")}.`);
  };
}

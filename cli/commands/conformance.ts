/** `celerity conformance`: tries implementations of Celery's protocol. Exit codes: docs/conformance.md. */
import { cpSync, existsSync } from "node:fs";
import { Command, type CommanderError } from "commander";
import {
  Adapter,
  CCP_VERSION,
  commandOf,
  DEFINITIONS,
  exitCodeOf,
  explainResult,
  featureNames,
  MESSAGES,
  NO_ALLOWANCES,
  REFUSALS,
  suiteFolder,
  VECTOR_FILE_SCHEMA,
  verdictOf,
} from "../../conformance/index.ts";
import { CelerityError, ConfigurationError, toError } from "../../protocol/index.ts";
import {
  type AdapterFlags,
  type RunFlags,
  type SelectionFlags,
  selected,
  vectorOf,
  withAdapterOptions,
  withRunOptions,
  withSelectionOptions,
} from "../conformance/options.ts";
import { print, printLines, runAdapter, sessionOptions } from "../conformance/run.ts";

const EXIT_HARNESS = 2;
const EXIT_CONFIGURATION = 3;

/** What `explain` prints beside vectors. */
const SCHEMAS: Readonly<Record<string, object>> = {
  ccp: { version: CCP_VERSION, messages: MESSAGES, refusals: REFUSALS, $defs: DEFINITIONS },
  vectors: VECTOR_FILE_SCHEMA,
};

export function conformanceCommand(): Command {
  const command = new Command("conformance").description(
    "try an implementation of Celery's protocol against what Celery does",
  );
  const endWith = ({ exitCode }: CommanderError): never =>
    process.exit(exitCode === 0 ? 0 : EXIT_CONFIGURATION);
  command.exitOverride(endWith);
  for (const part of [runCommand, listCommand, explainCommand, replayCommand, doctorCommand, copyCommand]) {
    command.addCommand(part().exitOverride(endWith));
  }
  return command;
}

function runCommand(): Command {
  return withRunOptions(new Command("run"))
    .description("run vectors against an adapter")
    .argument("[adapter...]", "the adapter's program and its arguments, after --")
    .action((words: readonly string[], flags: RunFlags) => ending(() => runAdapter(words, flags)));
}

function listCommand(): Command {
  return withSelectionOptions(new Command("list"))
    .description("list vectors: id, level, role and features")
    .action((flags: SelectionFlags) =>
      ending(() => {
        for (const { id, level, role, features } of selected(flags).vectors) {
          print(`${id}  ${level}  ${role}  ${features.join(" ")}`);
        }
        return 0;
      }),
    );
}

function explainCommand(): Command {
  return new Command("explain")
    .description(
      "print a vector with what its flags mean, or the schemas of the contract and of vector files",
    )
    .argument("<id>", "a vector's id, ccp or vectors")
    .option("--vectors <folder>", "vectors from there instead of those of this program")
    .action((id: string, flags: SelectionFlags) =>
      ending(() => {
        const schemas = Object.hasOwn(SCHEMAS, id) ? SCHEMAS[id] : undefined;
        printLines(JSON.stringify(schemas ?? explained(id, flags), null, 2));
        return 0;
      }),
    );
}

function explained(id: string, flags: SelectionFlags): object {
  const { suite, vector } = vectorOf(id, flags);
  const flagsOfVector = (vector.flags ?? []).map((flag) => [flag, suite.flags.get(flag)]);
  return { ...vector, asks: commandOf(vector), means: Object.fromEntries(flagsOfVector) };
}

function replayCommand(): Command {
  return withAdapterOptions(new Command("replay"))
    .description("run one vector, and print everything about it")
    .argument("<id>")
    .argument("[adapter...]", "the adapter's program and its arguments, after --")
    .option("--vectors <folder>", "vectors from there instead of those of this program")
    .action((id: string, words: readonly string[], flags: AdapterFlags & SelectionFlags) =>
      ending(async () => {
        const { vector } = vectorOf(id, flags);
        const adapter = new Adapter(sessionOptions(words, flags));
        await adapter.start();
        const exchange = await adapter.exchange(commandOf(vector));
        await adapter.stop();
        const result = await verdictOf(vector, exchange, NO_ALLOWANCES);
        print(`asked     ${JSON.stringify(exchange.command)}`);
        print(`answered  ${exchange.line ?? "nothing"}`);
        printLines(explainResult(result));
        if (adapter.stderr !== "") printLines(`standard error:\n${adapter.stderr}`);
        return exitCodeOf([result]);
      }),
    );
}

function doctorCommand(): Command {
  return withAdapterOptions(new Command("doctor"))
    .description("check that everything is there: the vectors, and that an adapter speaks the contract")
    .argument("[adapter...]", "the adapter's program and its arguments, after --")
    .action((words: readonly string[], flags: AdapterFlags) =>
      ending(async () => {
        const { suite } = selected({});
        print(`ok  ${suite.vectors.length} vectors, version ${suite.version}, in ${suite.folder}`);
        if (words.length === 0) return 0;
        const adapter = new Adapter(sessionOptions(words, flags));
        const { name, version, roles, features } = await adapter.start();
        print(`ok  ${name} ${version} answers "start": ${roles.join(", ")}`);
        print(`ok  features: ${[...featureNames(features)].join(" ")}`);
        if (await adapter.stop()) print('ok  it ends with exit code 0 after "stop"');
        else throw new CelerityError("unsupported", 'It does not end with exit code 0 after "stop".');
        return 0;
      }),
    );
}

function copyCommand(): Command {
  return new Command("copy")
    .description("copy the vectors into a new folder")
    .argument("<folder>")
    .action((folder: string) =>
      ending(() => {
        if (existsSync(folder)) throw new ConfigurationError(`${folder} is there already.`);
        cpSync(suiteFolder(), folder, { recursive: true });
        print(`Copied to ${folder}`);
        return 0;
      }),
    );
}

/** Ends the process with the exit codes of the suite, which are not those of the other commands. */
async function ending(action: () => number | Promise<number>): Promise<void> {
  // Whoever reads may have seen enough, as `head` has.
  process.stdout.on("error", () => process.exit(0));
  try {
    process.exitCode = await action();
  } catch (error) {
    process.stderr.write(`celerity: ${toError(error).message}\n`);
    process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : EXIT_HARNESS;
  }
}

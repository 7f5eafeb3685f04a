/** `celerity conformance`: tries implementations of Celery's protocol. Exit codes: docs/conformance.md. */
import { cpSync, existsSync } from "node:fs";
import { Command, type CommanderError } from "commander";
import {
  Adapter,
  CCP_VERSION,
  commandOf,
  DEFINITIONS,
  describeDiff,
  diffReports,
  exitCodeOf,
  explainResult,
  featureNames,
  MESSAGES,
  NO_ALLOWANCES,
  type Question,
  REFUSALS,
  REPORT_SCHEMA,
  readReport,
  runVectors,
  type ScenarioVector,
  type SessionOptions,
  type Suite,
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
  withWorkerOptions,
} from "../conformance/options.ts";
import { type RecordFlags, recordPlans } from "../conformance/record.ts";
import { oracleOptions, print, printLines, runAdapter, sessionOptions } from "../conformance/run.ts";
import { commaList } from "../options.ts";

const EXIT_FAILURE = 1;
const EXIT_HARNESS = 2;
const EXIT_CONFIGURATION = 3;

/** What `explain` prints beside vectors. */
const SCHEMAS: Readonly<Record<string, object>> = {
  ccp: { version: CCP_VERSION, messages: MESSAGES, refusals: REFUSALS, $defs: DEFINITIONS },
  vectors: VECTOR_FILE_SCHEMA,
  report: REPORT_SCHEMA,
};

export function conformanceCommand(): Command {
  const command = new Command("conformance").description(
    "try an implementation of Celery's protocol against what Celery does",
  );
  const endWith = ({ exitCode }: CommanderError): never =>
    process.exit(exitCode === 0 ? 0 : EXIT_CONFIGURATION);
  command.exitOverride(endWith);
  for (const part of [
    runCommand,
    listCommand,
    explainCommand,
    replayCommand,
    doctorCommand,
    diffCommand,
    recordCommand,
    copyCommand,
  ]) {
    command.addCommand(part().exitOverride(endWith));
  }
  return command;
}

function runCommand(): Command {
  return withRunOptions(new Command("run"))
    .description("run vectors against an adapter, or against a worker without one")
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
      "print a vector with what its flags mean, or the schemas of the contract, of vector files and of report.json",
    )
    .argument("<id>", "a vector's id, ccp, vectors or report")
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
  const asks = vector.command === "scenario" ? {} : { asks: commandOf(vector) };
  return { ...vector, ...asks, means: Object.fromEntries(flagsOfVector) };
}

function replayCommand(): Command {
  return withWorkerOptions(withAdapterOptions(new Command("replay")))
    .description("run one vector, and print everything about it")
    .argument("<id>")
    .argument("[adapter...]", "the adapter's program and its arguments, after --")
    .option("--vectors <folder>", "vectors from there instead of those of this program")
    .action((id: string, words: readonly string[], flags: AdapterFlags & SelectionFlags) =>
      ending(async () => {
        const { suite, vector } = vectorOf(id, flags);
        return vector.command === "scenario"
          ? await replayScenario(vector, sessionOptions(words, flags, suite), flags, suite)
          : await replayQuestion(vector, sessionOptions(words, flags, suite));
      }),
    );
}

async function replayQuestion(vector: Question, session: SessionOptions): Promise<number> {
  const adapter = new Adapter(session);
  await adapter.start();
  const exchange = await adapter.exchange(commandOf(vector));
  await adapter.stop();
  const result = await verdictOf(vector, exchange, NO_ALLOWANCES);
  print(`asked     ${JSON.stringify(exchange.command)}`);
  print(`answered  ${exchange.line ?? "nothing"}`);
  printLines(explainResult(result));
  if (adapter.stderr !== "") printLines(`standard error:\n${adapter.stderr}`);
  return exitCodeOf([result]);
}

async function replayScenario(
  vector: ScenarioVector,
  session: SessionOptions,
  flags: AdapterFlags,
  suite: Suite,
): Promise<number> {
  const oracle = oracleOptions(flags, suite);
  const run = await runVectors({ vectors: [vector], session, servers: flags, oracle, onNote: printLines });
  for (const { transcript: _, ...result } of run.results) printLines(explainResult(result));
  return exitCodeOf(run.results);
}

function recordCommand(): Command {
  return withAdapterOptions(new Command("record"))
    .description("make vectors of plans: Celery sends the messages, runs the tasks and reads the results")
    .argument("[adapter...]", "Celery's adapter and its arguments, after --")
    .requiredOption("--plans <folder>", "the plans")
    .option("--only <names>", "only these files of plans, without .json", commaList)
    .option("--vectors <folder>", "write there instead of into the vectors of this program")
    .option("--check", "write nothing; exit code 1 when something would be another")
    .action((words: readonly string[], flags: RecordFlags) => ending(() => recordPlans(words, flags)));
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

function diffCommand(): Command {
  return new Command("diff")
    .description("compare two report.json; ends with 1 when something is wrong that was not")
    .argument("<old>", "report.json of the earlier run")
    .argument("<new>", "report.json of the later run")
    .option("--json", "print the changes as JSON")
    .action((older: string, newer: string, flags: { readonly json?: boolean }) =>
      ending(() => {
        const diff = diffReports(readReport(older), readReport(newer));
        printLines(flags.json === true ? JSON.stringify(diff, null, 2) : describeDiff(diff));
        return diff.is_worse ? EXIT_FAILURE : 0;
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

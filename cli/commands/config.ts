/** `celerity config check|show|schema`: the configuration file, before anything is started with it. */
import { Command } from "commander";
import { CelerityError, ConfigurationError } from "../../protocol/index.ts";
import { DEFAULT_CONFIG_FILE, findConfigFile } from "../config/config-option.ts";
import { connectProblems, deepProblems } from "../config/deep-check.ts";
import { type Config, readConfig, requireConfig, warningsOf } from "../config/load.ts";
import { ConfigFileError, describeProblem } from "../config/problem.ts";
import { editorSchema } from "../config/schema.ts";
import { shownOptions } from "../config/show.ts";
import { withConnectionOptions, withGatewayOptions, withLogOptions } from "../options.ts";
import { printWarning } from "../print-warning.ts";

const FILE = "default: CELERITY_CONFIG, or celerity.yaml";

export function configCommand(): Command {
  const command = new Command("config").description("check and show the configuration file");
  command.addCommand(
    new Command("check")
      .description("say all that is wrong with it; exit code 1 when anything is")
      .argument("[file]", FILE)
      .option("--connect", "also try to reach the broker, the result store and the state")
      .action(check),
  );
  const show = new Command("show")
    .description("print the values that count and where they come from, secrets hidden")
    .argument("[file]", FILE)
    .option("--all", "those that are at their default, too");
  command.addCommand(withLogOptions(withGatewayOptions(withConnectionOptions(show))).action(showConfig));
  command.addCommand(
    new Command("schema").description("print its JSON Schema, for editors").action(() => {
      process.stdout.write(`${JSON.stringify(editorSchema(), undefined, 2)}\n`);
    }),
  );
  return command;
}

async function check(named: string | undefined, { connect }: { readonly connect?: boolean }): Promise<void> {
  const file = fileOf(named);
  if (file === undefined)
    throw new ConfigurationError(`There is no ${DEFAULT_CONFIG_FILE} here; name the file to check.`);
  const problems = await problemsOf(file, connect === true);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length === 0) process.stdout.write(`${file}: no problems.\n`);
  // What was connected to has not been closed.
  process.exitCode = problems.length === 0 ? 0 : 1;
  if (connect === true) process.exit();
}

async function problemsOf(file: string, connect: boolean): Promise<readonly string[]> {
  let config: Config;
  try {
    config = readConfig(file);
  } catch (error) {
    if (!(error instanceof CelerityError)) throw error;
    return error instanceof ConfigFileError
      ? error.problems.map((problem) => describeProblem(file, problem))
      : [error.message];
  }
  for (const warning of warningsOf(config)) printWarning(warning);
  const shallow = config.problems;
  const deep = shallow.length > 0 ? [] : deepProblems(config, printWarning);
  const unreachable = connect && shallow.length + deep.length === 0 ? await connectProblems(config) : [];
  return [...shallow, ...deep, ...unreachable].map((problem) => describeProblem(file, problem));
}

function showConfig(named: string | undefined, { all }: { readonly all?: boolean }, command: Command): void {
  const file = fileOf(named);
  const config = file === undefined ? undefined : requireConfig(file);
  const rows = shownOptions({ config, command, env: process.env });
  const shown = rows.filter(({ source }) => all === true || source !== "default");
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  for (const { name, value, source } of shown)
    process.stdout.write(`${name.padEnd(width)}  ${value}  (${source})\n`);
}

function fileOf(named: string | undefined): string | undefined {
  return findConfigFile(named ?? process.env["CELERITY_CONFIG"]);
}

/**
 * Where the values of a configuration file go: settings into the environment, where apps read them, those of a worker's
 * processes too; other options become values of the command's flags.
 */
import { isDeepStrictEqual } from "node:util";
import type { Command } from "commander";
import { environmentName } from "../../app/index.ts";
import { printWarning } from "../print-warning.ts";
import { fileOptions } from "./gateway-options.ts";
import { type Config, requireConfig, sectionOf, settingsOf, warningsOf } from "./load.ts";
import { optionsOf, valueAt } from "./options.ts";
import type { Path } from "./problem.ts";
import { SECTION_NAMES, type SectionName } from "./schema.ts";

/** Flags that take a text where the file has a list. */
const JOINED: ReadonlySet<string> = new Set(["queues"]);

/**
 * What `sections`, and flags of the command, refer to must be there. Throws ConfigurationError that says all that is wrong with
 * the file.
 */
export function applyConfigFile(command: Command, file: string, sections: readonly SectionName[]): void {
  const flagged = SECTION_NAMES.flatMap(optionsOf).filter(
    ({ flag }) => flag !== undefined && hasFlag(command, flag),
  );
  const isNeeded = ([section, ...rest]: Path): boolean =>
    SECTION_NAMES.some((name) => name === section && sections.includes(name)) ||
    flagged.some(({ path }) => isDeepStrictEqual(path, [section, ...rest]));
  const config = requireConfig(file, isNeeded);
  for (const warning of warningsOf(config)) printWarning(warning);
  applyConfig(command, config);
}

/** Sets the flags that the command has, and variables of `env` that are not set. */
export function applyConfig(command: Command, config: Config, env: NodeJS.ProcessEnv = process.env): void {
  for (const [name, { value }] of settingsOf(config)) {
    const variable = environmentName(name);
    if ((env[variable] ?? "") === "") env[variable] = settingText(name, value);
  }
  for (const { path, flag } of SECTION_NAMES.flatMap(optionsOf)) {
    const value = valueAt(config.value, path);
    if (flag === undefined || value === undefined || path[0] === "app") continue;
    const isJoined = JOINED.has(flag) && Array.isArray(value);
    setFlag(command, flag, isJoined ? value.join(",") : value);
  }
  for (const [name, flag] of [
    ["brokerUrl", "broker"],
    ["resultBackend", "resultBackend"],
  ] as const) {
    if (settingsOf(config).has(name)) setFlag(command, flag, env[environmentName(name)]);
  }
  command.setOptionValueWithSource("fileOptions", fileOptions(sectionOf(config, "gateway")), "config");
}

function hasFlag(command: Command, flag: string): boolean {
  return command.options.some((option) => option.attributeName() === flag);
}

/** Unless a flag or a variable has given the value. */
function setFlag(command: Command, flag: string, value: unknown): void {
  const source = command.getOptionValueSource(flag);
  if (hasFlag(command, flag) && (source === undefined || source === "default"))
    command.setOptionValueWithSource(flag, value, "config");
}

/** A setting as it is written in the environment. */
function settingText(name: string, value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object"))
    return value.join(name.endsWith("Url") ? ";" : ",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The configuration file of a command: read and checked. */
import { celeryName } from "../../app/index.ts";
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { SETTING_SCHEMAS } from "./app-schema.ts";
import { type CheckedConfig, checkConfig } from "./check.ts";
import { ConfigFileError, describeProblem, type Path } from "./problem.ts";
import { type ConfigSource, readConfigFile } from "./read-yaml.ts";
import type { SectionName } from "./schema.ts";

export interface Config extends CheckedConfig {
  readonly source: ConfigSource;
}

/** With its problems. Throws ConfigurationError for a file that cannot be read, or is no mapping in YAML. */
export function readConfig(file: string, isNeeded?: (path: Path) => boolean): Config {
  const source = readConfigFile(file);
  return { source, ...checkConfig(source, process.env, isNeeded) };
}

/** Throws ConfigurationError that says all that is wrong. */
export function requireConfig(file: string, isNeeded?: (path: Path) => boolean): Config {
  const config = readConfig(file, isNeeded);
  if (config.problems.length > 0) throw new ConfigFileError(file, config.problems);
  return config;
}

/** Lines for people about what has no effect. */
export function warningsOf({ source, warnings }: Config): readonly string[] {
  return warnings.map((warning) => describeProblem(source.file, warning));
}

/** A section as it stands in the file; {} when it is not there. */
export function sectionOf({ value }: CheckedConfig, name: SectionName): PlainObject {
  const section = value[name];
  return isPlainObject(section) ? section : {};
}

/** A setting of the file, by its name in code. */
export interface GivenSetting {
  readonly path: Path;
  readonly value: unknown;
}

/** Settings by their names in code; those that are null are at their default. */
export function settingsOf(config: CheckedConfig): ReadonlyMap<string, GivenSetting> {
  const app = sectionOf(config, "app");
  const found = new Map<string, GivenSetting>();
  for (const name of Object.keys(SETTING_SCHEMAS)) {
    const key = [name, celeryName(name)].find((spelling) => Object.hasOwn(app, spelling));
    if (key !== undefined && app[key] !== null) found.set(name, { path: ["app", key], value: app[key] });
  }
  return found;
}

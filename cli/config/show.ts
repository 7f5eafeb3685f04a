/** The values that count, where they come from, and no secrets. */
import type { Command } from "commander";
import { celeryName, environmentName } from "../../app/index.ts";
import { isPlainObject } from "../../protocol/index.ts";
import { redactUrl } from "../../transports/index.ts";
import { SETTING_SCHEMAS } from "./app-schema.ts";
import { type Config, settingsOf } from "./load.ts";
import { optionsOf, valueAt } from "./options.ts";
import { type Path, pathText } from "./problem.ts";
import type { Schema } from "./schema-parts.ts";

export interface ShownOption {
  readonly name: string;
  readonly value: string;
  /** `--port`, `CELERITY_PORT`, `celerity.yaml:3` or `default`. */
  readonly source: string;
}

export interface ShowParts {
  /** undefined: there is no file. */
  readonly config: Config | undefined;
  /** Has the flags that count. */
  readonly command: Command;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const REDACTED = "********";

/** Settings first, then the options of the other sections, in the order of the table. */
export function shownOptions(parts: ShowParts): readonly ShownOption[] {
  const options = (["gateway", "worker", "beat", "log"] as const).flatMap(optionsOf);
  return [
    ...Object.entries(SETTING_SCHEMAS).map(([name, schema]) => shownSetting(name, schema, parts)),
    ...options.map(({ path, schema, flag }) => {
      const given = givenByFlag(flag, parts) ?? givenByFile(path, parts);
      return shown(path, schema, given ?? { value: schema["default"], source: "default" });
    }),
  ];
}

/** A value, and who gave it. */
interface Given {
  readonly value: unknown;
  readonly source: string;
  /** It stands somewhere else, as secrets do. */
  readonly isReference?: boolean;
}

function shownSetting(name: string, schema: Schema, parts: ShowParts): ShownOption {
  const variable = environmentName(name);
  const text = parts.env[variable] ?? "";
  const setting = parts.config === undefined ? undefined : settingsOf(parts.config).get(name);
  const given =
    givenByFlag(schema["x-flag"], parts) ??
    (text === "" ? undefined : { value: text, source: variable }) ??
    (setting === undefined ? undefined : givenByFile(setting.path, parts));
  return shown(["app", celeryName(name)], schema, given ?? { value: schema["default"], source: "default" });
}

function givenByFlag(flag: unknown, { command }: ShowParts): Given | undefined {
  const option = command.options.find((one) => one.attributeName() === flag);
  if (option === undefined) return undefined;
  const source = command.getOptionValueSource(option.attributeName());
  const value: unknown = command.getOptionValue(option.attributeName());
  if (source === "cli") return { value, source: option.long ?? option.flags };
  return source === "env" ? { value, source: option.envVar ?? "environment" } : undefined;
}

function givenByFile(path: Path, { config }: ShowParts): Given | undefined {
  const value = config === undefined ? undefined : valueAt(config.value, path);
  if (config === undefined || value === undefined) return undefined;
  const beginning = JSON.stringify(path).slice(0, -1);
  const isReference = [...config.references].some(
    (place) => place === `${beginning}]` || place.startsWith(`${beginning},`),
  );
  return { value, isReference, source: `${config.source.file}:${config.source.lineOf(path)}` };
}

function shown(path: Path, schema: Schema, { value, source, isReference = false }: Given): ShownOption {
  const { items, writeOnly } = schema;
  const isSecret = isReference || writeOnly === true || (isPlainObject(items) && items["writeOnly"] === true);
  return { name: pathText(path), value: valueText(value, isSecret), source };
}

/** Of what has names of its own only those are shown: anything below may be a secret. */
function valueText(value: unknown, isSecret: boolean): string {
  if (value === undefined || value === null) return "-";
  if (Array.isArray(value)) {
    const isPlain = value.every((item) => typeof item !== "object" || item === null);
    return isPlain
      ? `[${value.map((item) => valueText(item, isSecret)).join(", ")}]`
      : `(${value.length} items)`;
  }
  if (typeof value === "object") return `{${Object.keys(value).join(", ")}}`;
  return isSecret ? REDACTED : redactUrl(String(value));
}

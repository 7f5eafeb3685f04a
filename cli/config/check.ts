/** Checks a configuration file: its references, its shape, and the names of settings. */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import {
  type AbsentSetting,
  absentSetting,
  celeryName,
  nearestName,
  nearestSetting,
  settingName,
} from "../../app/index.ts";
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { SETTING_SCHEMAS } from "./app-schema.ts";
import { optionsOf } from "./options.ts";
import { type ConfigProblem, type Path, pathText } from "./problem.ts";
import type { ConfigSource } from "./read-yaml.ts";
import { resolveReferences } from "./references.ts";
import { CONFIG_SCHEMA, SECTION_NAMES } from "./schema.ts";

export interface CheckedConfig {
  /** With what references refer to; right as far as there are no problems. */
  readonly value: PlainObject;
  /** Paths of what was read elsewhere, as JSON. */
  readonly references: ReadonlySet<string>;
  /** What was read there: secrets, mostly. */
  readonly texts: readonly string[];
  readonly problems: readonly ConfigProblem[];
  /** What has no effect, but does no harm. */
  readonly warnings: readonly ConfigProblem[];
}

const MAX_PROBLEMS = 100;

let validate: ReturnType<Ajv2020["compile"]> | undefined;

/** What is not needed may refer to what is not there: workers are not given the secrets of gateways. */
export function checkConfig(
  source: ConfigSource,
  env: Readonly<Record<string, string | undefined>>,
  isNeeded: (path: Path) => boolean = () => true,
): CheckedConfig {
  const { value, references, texts, problems } = resolveReferences(source.value, env);
  const absent = absentSettings(value);
  validate ??= compile();
  const errors = validate(value) ? [] : (validate.errors ?? []);
  const missing = problems.map(({ path }) => JSON.stringify(path));
  const found = errors
    .map(toProblem)
    // What could not be had is no text of the wrong form, too.
    .filter(({ path }) => !missing.includes(JSON.stringify(path)))
    .filter(({ path }) => !absent.some((one) => isSame(one.path, path)));
  const located = (problem: ConfigProblem): ConfigProblem => ({
    ...problem,
    line: source.lineOf(problem.path),
  });
  return {
    value,
    references,
    texts,
    problems: [...problems.filter(({ path }) => isNeeded(path)), ...found, ...givenTwice(value)]
      .slice(0, MAX_PROBLEMS)
      .map(located),
    warnings: absent.filter(({ kind }) => kind === "unsupported").map(located),
  };
}

function compile(): ReturnType<Ajv2020["compile"]> {
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    strictTypes: false,
    validateFormats: false,
    verbose: true,
  });
  ajv.addVocabulary(["x-flag"]);
  return ajv.compile(CONFIG_SCHEMA);
}

function isSame(one: Path, other: Path): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Settings of Celery that this app does not take. */
function absentSettings({ app }: PlainObject): (ConfigProblem & Pick<AbsentSetting, "kind">)[] {
  if (!isPlainObject(app)) return [];
  return Object.keys(app).flatMap((name) => {
    const absent = Object.hasOwn(SETTING_SCHEMAS, settingName(name))
      ? undefined
      : absentSetting(celeryName(name));
    if (absent === undefined) return [];
    return [{ path: ["app", name], kind: absent.kind, message: `It has no effect: ${absent.reason}.` }];
  });
}

/** A setting in both spellings. */
function givenTwice({ app }: PlainObject): ConfigProblem[] {
  if (!isPlainObject(app)) return [];
  return Object.keys(app)
    .filter((name) => name !== settingName(name) && Object.hasOwn(app, settingName(name)))
    .map((name) => ({ path: ["app", name], message: `It is there as ${settingName(name)}, too; keep one.` }));
}

function toProblem(error: ErrorObject): ConfigProblem {
  const path = pathOf(error.instancePath);
  const { keyword, params } = error;
  const schema: PlainObject = isPlainObject(error.parentSchema) ? error.parentSchema : {};
  if (keyword === "additionalProperties") {
    const name = String(params["additionalProperty"]);
    return { path: [...path, name], message: unknownName(name, path, schema) };
  }
  if (keyword === "required") return { path, message: `"${String(params["missingProperty"])}" is required.` };
  const { description } = schema;
  const meaning = typeof description === "string" ? ` It is: ${description}` : "";
  return { path, message: `It ${wanted(error)}.${meaning}` };
}

function wanted({ keyword, params, message }: ErrorObject): string {
  if (keyword === "type") return `must be of type ${[params["type"]].flat().join(" or ")}`;
  if (keyword === "enum")
    return `must be one of ${(params["allowedValues"] as readonly unknown[]).join(", ")}`;
  return message ?? keyword;
}

function unknownName(name: string, path: Path, schema: PlainObject): string {
  const known = Object.keys(isPlainObject(schema["properties"]) ? schema["properties"] : {});
  const isSetting = path.length === 1 && path[0] === "app";
  const setting = isSetting ? nearestSetting(name) : undefined;
  const nearest = isSetting ? setting && celeryName(setting) : nearestName(name, known);
  if (nearest !== undefined) return `There is no such option; did you mean ${nearest}?`;
  const elsewhere = isSetting ? undefined : placeOf(name);
  if (elsewhere !== undefined) return `There is no such option here; did you mean ${elsewhere}?`;
  return isSetting
    ? "There is no such setting; docs/settings.md has all."
    : `There is no such option; allowed: ${known.join(", ")}.`;
}

/** Where an option of this name stands. */
function placeOf(name: string): string | undefined {
  const options = SECTION_NAMES.filter((section) => section !== "app").flatMap(optionsOf);
  const found = options.find(({ path }) => nearestName(name, [String(path.at(-1))]) !== undefined);
  return found === undefined ? undefined : pathText(found.path);
}

function pathOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^\d{1,9}$/.test(step) ? Number(step) : step));
}

/** Plans: scenarios as people write them, without what only Celery can say. `record` makes vectors of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, isPlainObject, toError } from "../../protocol/index.ts";
import type { Flag, ScenarioVector } from "../suite/vector.ts";
import { type Tagged, type TaggedObject, tagOf } from "../values/tagged.ts";

/** A step of a plan: a step of a vector, or one that lacks wires, a stored result or a view. Numbers may stand as such. */
export interface PlanStep {
  readonly do: string;
  readonly [member: string]: unknown;
}

/** A scenario without its recording. */
export interface Plan extends Omit<ScenarioVector, "steps" | "recorded" | "command" | "ids" | "canary"> {
  /** The call of the canary. */
  readonly canary?: TaggedObject;
  readonly steps: readonly PlanStep[];
}

/** A file of plans; what `defaults` has holds for all of them. */
export interface PlanFile {
  /** Name of the file of vectors, without `.json`. */
  readonly name: string;
  readonly title: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** The beginning of the version of Celery that records it, where another than the newest is wanted. */
  readonly celery?: string;
  readonly plans: readonly Plan[];
}

/** Reads the plans of a folder. Throws ConfigurationError. */
export function loadPlans(folder: string): readonly PlanFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.toSorted().map((name) => readPlan(join(folder, name), name.slice(0, -".json".length)));
}

function readPlan(path: string, name: string): PlanFile {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${toError(error).message}`, { cause: error });
  }
  if (!isPlainObject(content) || !Array.isArray(content["vectors"]))
    throw new ConfigurationError(
      `${path} is no file of plans: it has "title", "flags", "defaults" and "vectors".`,
    );
  const { title, flags = {}, defaults = {}, vectors, celery } = content;
  return {
    name,
    title: String(title),
    flags: flags as PlanFile["flags"],
    ...(typeof celery === "string" && { celery }),
    // What is missing is found when the vectors are checked.
    plans: vectors.map((plan) => ({ ...(defaults as object), ...(plan as object) }) as Plan),
  };
}

/** Tagged values as people write them: a number stands for an integer, or for a float when it has a fraction. */
export function tagWritten(value: unknown): Tagged {
  if (typeof value === "number")
    return Number.isInteger(value) ? { $int: `${value}` } : { $float: `${value}` };
  if (Array.isArray(value)) return value.map(tagWritten);
  if (!isPlainObject(value)) return value as Tagged;
  const object = value as TaggedObject;
  if (tagOf(object) !== undefined) return object;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, tagWritten(member)]));
}

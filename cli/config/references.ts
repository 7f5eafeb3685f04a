/** Values that stand elsewhere: `{ $env: NAME }` is a variable of the environment, `{ $file: path }` the text of a file. */
import { isPlainObject, type PlainObject, setOwn, toError } from "../../protocol/index.ts";
import type { ConfigProblem, Path } from "./problem.ts";
import { readBounded } from "./read-yaml.ts";

const MAX_FILE_BYTES = 64 * 1024;

export interface Resolved {
  readonly value: PlainObject;
  /** Paths of what was read elsewhere, as JSON. */
  readonly references: ReadonlySet<string>;
  /** What was read there. */
  readonly texts: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

/** Everything with what it refers to in its place; "" for what cannot be had, which is a problem. */
export function resolveReferences(
  value: PlainObject,
  env: Readonly<Record<string, string | undefined>>,
): Resolved {
  const references = new Set<string>();
  const texts: string[] = [];
  const problems: ConfigProblem[] = [];

  const visit = (item: unknown, path: Path): unknown => {
    if (Array.isArray(item)) return item.map((member: unknown, at) => visit(member, [...path, at]));
    if (!isPlainObject(item)) return item;
    const text = referenceIn(item);
    if (text === undefined) return visitMembers(item, path);
    references.add(JSON.stringify(path));
    try {
      const found = text(env);
      texts.push(found);
      return found;
    } catch (error) {
      problems.push({ path, message: toError(error).message });
      return "";
    }
  };

  const visitMembers = (item: PlainObject, path: Path): PlainObject => {
    const copy: PlainObject = {};
    for (const [name, member] of Object.entries(item)) setOwn(copy, name, visit(member, [...path, name]));
    return copy;
  };

  return { value: visitMembers(value, []), references, texts, problems };
}

/** How to get what a reference stands for; undefined for what is none. */
function referenceIn(
  item: PlainObject,
): ((env: Readonly<Record<string, string | undefined>>) => string) | undefined {
  const [[kind, place] = [], ...more] = Object.entries(item);
  if (more.length > 0 || typeof place !== "string") return undefined;
  if (kind === "$env") return (env) => variable(env, place);
  if (kind === "$file") return () => readBounded(place, MAX_FILE_BYTES).replace(/\r?\n$/, "");
  return undefined;
}

function variable(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const text = env[name];
  if (text !== undefined && text !== "") return text;
  throw new Error(`The variable ${name.slice(0, 100)} is not set in the environment.`);
}

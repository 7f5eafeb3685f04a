/** The options of the table one by one. */
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import type { Path } from "./problem.ts";
import { SECTIONS, type SectionName } from "./schema.ts";
import type { Schema } from "./schema-parts.ts";

export interface ConfigOption {
  readonly path: Path;
  readonly schema: Schema;
  /** The attribute of the flag that gives the same. */
  readonly flag: string | undefined;
}

/** The options of a section in the order of the table. What holds options of its own is no option, unless a flag gives it. */
export function optionsOf(section: SectionName): readonly ConfigOption[] {
  return [...walk([section], SECTIONS[section])];
}

function* walk(path: Path, schema: Schema): Iterable<ConfigOption> {
  const { properties } = schema;
  const flag = typeof schema["x-flag"] === "string" ? schema["x-flag"] : undefined;
  if (flag !== undefined || !isPlainObject(properties)) yield { path, schema, flag };
  else
    for (const [name, member] of Object.entries(properties)) yield* walk([...path, name], member as Schema);
}

/** What stands in a tree at a path; undefined for nothing. */
export function valueAt(tree: PlainObject, path: Path): unknown {
  let value: unknown = tree;
  for (const step of path) {
    if (!isPlainObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

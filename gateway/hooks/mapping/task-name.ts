/** Which task a rule sends: one name, or what a value says within a list. */
import { HookOptionError } from "./option-error.ts";
import type { MappingScope, MappingSource } from "./source.ts";
import { type ValueOptions, valuePlace } from "./template.ts";

/** A value that names a task: through `map`, or as it is when the hook's `tasks` has it. */
export interface TaskValueOptions extends Omit<ValueOptions, "default" | "required"> {
  /** From values to names of tasks. */
  readonly map?: Readonly<Record<string, string>>;
  /** For a value that is missing, or not in `map` or `tasks`. Without it the rule does not fit then. */
  readonly default?: string;
}

export interface TaskChoice {
  /** All that it can ever be. */
  readonly names: readonly string[];
  /** undefined: the rule does not fit. */
  choose(source: MappingSource): string | undefined;
}

/** Throws HookOptionError. `allowed` are the hook's `tasks`. */
export function compileTask(task: string | TaskValueOptions, scope: MappingScope, where: string): TaskChoice {
  const { tasks: allowed } = scope;
  if (typeof task === "string") return { names: requireAllowed([task], allowed, where), choose: () => task };
  const { map, default: other } = task;
  if (map === undefined && allowed === undefined) {
    throw new HookOptionError(where, 'takes its name from outside, so it needs a "map", or the hook "tasks"');
  }
  const byValue = new Map(map === undefined ? allowed?.map((name) => [name, name]) : Object.entries(map));
  const names = [...new Set([...byValue.values(), ...(other === undefined ? [] : [other])])];
  const place = valuePlace(task, scope, where);
  return {
    names: requireAllowed(names, allowed, where),
    choose: (source) => {
      const value = place.find(source);
      return (typeof value === "string" ? byValue.get(value) : undefined) ?? other;
    },
  };
}

function requireAllowed(
  names: readonly string[],
  allowed: readonly string[] | undefined,
  where: string,
): readonly string[] {
  const other = names.find((name) => allowed !== undefined && !allowed.includes(name));
  if (other !== undefined)
    throw new HookOptionError(where, `${JSON.stringify(other)} is not among the hook's "tasks"`);
  return names;
}

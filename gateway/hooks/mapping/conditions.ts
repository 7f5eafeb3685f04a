/** When a rule fits: what must stand at a place. */
import { HookOptionError } from "./option-error.ts";
import { type MappingScope, type MappingSource, type PlaceOptions, readPlace } from "./source.ts";

type Scalar = string | number | boolean | null;

/** One of equals, in, prefix and exists, of one place. */
export interface ConditionOptions extends PlaceOptions {
  readonly equals?: Scalar;
  readonly in?: readonly Scalar[];
  /** Of text. */
  readonly prefix?: string;
  /** true: there is something, be it null; false: nothing. */
  readonly exists?: boolean;
}

export type Condition = (source: MappingSource) => boolean;

const TESTS = ["equals", "in", "prefix", "exists"] as const;

/** Throws HookOptionError. */
export function compileCondition(options: ConditionOptions, scope: MappingScope, where: string): Condition {
  if (TESTS.filter((name) => options[name] !== undefined).length !== 1)
    throw new HookOptionError(where, `must have one of ${TESTS.join(", ")}`);
  const place = readPlace(options, scope, where);
  const { equals, in: any, prefix, exists } = options;
  if (prefix !== undefined) {
    return (source) => {
      const value = place.find(source);
      return typeof value === "string" && value.startsWith(prefix);
    };
  }
  if (exists !== undefined) return (source) => (place.find(source) !== undefined) === exists;
  const values: readonly unknown[] = any ?? [equals];
  return (source) => values.includes(place.find(source));
}

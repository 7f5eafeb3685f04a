/**
 * Templates: JSON in which objects with `$ptr` or `$header` stand for a value of what came in. Values are taken over as they
 * are, so integers of any size stay exact.
 */
import { isPlainObject, type PlainObject, setOwn } from "../../../protocol/index.ts";
import { Problem } from "../../problems.ts";
import { HookOptionError } from "./option-error.ts";
import { pointerPart } from "./pointer.ts";
import { type MappingScope, type MappingSource, type Place, readPlace } from "./source.ts";

/** A value of what came in. */
export interface ValueOptions {
  readonly $ptr?: string;
  readonly $header?: string;
  /** For nothing there. */
  readonly default?: unknown;
  /** false: for nothing there the member of an object is left out, and an item of a list is null. Default true. */
  readonly required?: boolean;
}

/** undefined: nothing is there, and nothing has to be. Throws Problem `invalid-arguments` for what is required and missing. */
export type Template = (source: MappingSource) => unknown;

const VALUE_KEYS = ["$ptr", "$header", "default", "required"];
const MAX_DEPTH = 32;
/** Values of what came in that one template may take: each may be the whole body. */
const MAX_VALUES = 100;

/** Throws HookOptionError. `where` is the pointer of the template in its options. */
export function compileTemplate(template: unknown, scope: MappingScope, where: string): Template {
  return new Compiler(scope).compile(template, where, 0);
}

/** Where a value comes from. Throws HookOptionError. */
export function valuePlace({ $ptr, $header }: ValueOptions, scope: MappingScope, where: string): Place {
  return readPlace({ pointer: $ptr, header: $header }, scope, where);
}

class Compiler {
  readonly #scope: MappingScope;
  #values = 0;

  constructor(scope: MappingScope) {
    this.#scope = scope;
  }

  compile(template: unknown, where: string, depth: number): Template {
    if (depth > MAX_DEPTH) throw new HookOptionError(where, `nests deeper than ${MAX_DEPTH} levels`);
    if (Array.isArray(template)) return this.#list(template, where, depth);
    if (!isPlainObject(template)) return () => template;
    const first = Object.keys(template).find((key) => key.startsWith("$"));
    if (first === undefined) return this.#object(template, where, depth);
    if (first === "$literal" && Object.keys(template).length === 1) {
      const { $literal: literal } = template;
      return () => literal;
    }
    return this.#value(template, where);
  }

  #list(items: readonly unknown[], where: string, depth: number): Template {
    const fills = items.map((item, at) => this.compile(item, `${where}/${at}`, depth + 1));
    return (source) => fills.map((fill) => fill(source) ?? null);
  }

  #object(members: PlainObject, where: string, depth: number): Template {
    const fills = Object.entries(members).map(
      ([key, member]) => [key, this.compile(member, `${where}/${pointerPart(key)}`, depth + 1)] as const,
    );
    return (source) => {
      const filled: PlainObject = {};
      for (const [key, fill] of fills) {
        const value = fill(source);
        if (value !== undefined) setOwn(filled, key, value);
      }
      return filled;
    };
  }

  #value(options: ValueOptions, where: string): Template {
    const unknown = Object.keys(options).find((key) => !VALUE_KEYS.includes(key));
    if (unknown !== undefined) {
      const what = `cannot have ${JSON.stringify(unknown)} beside $ptr or $header; write {"$literal": ...} for an object whose keys begin with $`;
      throw new HookOptionError(where, what);
    }
    this.#values += 1;
    if (this.#values > MAX_VALUES)
      throw new HookOptionError(where, `is one value too many: a rule takes ${MAX_VALUES}`);
    const place = valuePlace(options, this.#scope, where);
    const { default: other, required = other === undefined } = options;
    return (source) => {
      const value = place.find(source);
      // What is null in the document is there.
      if (value !== undefined) return value;
      if (required) throw missing(place);
      return other;
    };
  }
}

/** What is missing from a delivery, as the sender and the log are told. */
export function missing({ name, pointer }: Place): Problem {
  const detail = `${name} is missing, and the rule needs it`;
  return new Problem("invalid-arguments", { detail, members: { errors: [{ pointer, detail }] } });
}

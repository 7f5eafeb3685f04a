/**
 * Turns any JavaScript value into a tree that a format can write: null, booleans, numbers, strings, arrays, plain objects
 * and what the format's rules put in. Undefined members are left out and undefined items become null, as in JSON.
 */
import { EncodeError, toError } from "./errors.ts";
import { isPlainObject, type PlainObject, setOwn } from "./values.ts";

/** What a format makes of values that are more than plain data. A rule throws an Error whose message says what is wrong. */
export interface TreeRules {
  /** The format's name, for messages. */
  readonly format: string;
  /** Deepest nesting of arrays and objects. */
  readonly maxDepth: number;
  readonly number: (value: number) => unknown;
  readonly bigint: (value: bigint) => unknown;
  /** Strings and keys. */
  readonly text: (value: string) => string;
  /** Keys of a Map that are no strings; they are refused without it. */
  readonly key?: (key: unknown) => unknown;
  /** What stands for an object that is neither array, plain object nor Map; undefined when the format has nothing for it. */
  readonly object: (value: object) => unknown;
}

interface Walk {
  readonly rules: TreeRules;
  readonly path: (string | number)[];
  /** Objects around the current value, to find cycles. */
  readonly around: object[];
}

/** Throws EncodeError naming the place (`$[0].when`) for functions, symbols, cycles, unknown classes and too deep values. */
export function toPlainTree(value: unknown, rules: TreeRules): unknown {
  return visit({ rules, path: [], around: [] }, value);
}

function visit(walk: Walk, value: unknown): unknown {
  const { rules } = walk;
  switch (typeof value) {
    case "boolean":
      return value;
    case "undefined":
      return null;
    case "string":
      return apply(walk, () => rules.text(value));
    case "number":
      return apply(walk, () => rules.number(value));
    case "bigint":
      return apply(walk, () => rules.bigint(value));
    case "object":
      return value === null ? null : visitObject(walk, value);
    default:
      throw problem(walk, `a ${typeof value} cannot be sent`);
  }
}

function visitObject(walk: Walk, value: object): unknown {
  const { rules, around } = walk;
  const isContainer = Array.isArray(value) || value instanceof Map || isPlainObject(value);
  if (!isContainer) {
    const replacement = apply(walk, () => rules.object(value));
    if (replacement !== undefined) return replacement;
  }
  if (around.includes(value)) throw problem(walk, "the value contains itself");
  if (around.length >= rules.maxDepth)
    throw problem(walk, `the value nests deeper than ${rules.maxDepth} levels`);
  around.push(value);
  const tree = visitMembers(walk, value, isContainer);
  around.pop();
  return tree;
}

function visitMembers(walk: Walk, value: object, isContainer: boolean): unknown {
  const toJson: unknown = Reflect.get(value, "toJSON");
  if (typeof toJson === "function")
    return visit(
      walk,
      apply(walk, () => toJson.call(value)),
    );
  if (!isContainer) {
    const name = value.constructor?.name || "an unknown class";
    throw problem(
      walk,
      `${walk.rules.format} has no form for ${name}; convert it, or give it a toJSON() method`,
    );
  }
  // Array.from because map() would keep the holes of a sparse array.
  if (Array.isArray(value)) return Array.from(value, (item, index) => visitMember(walk, index, item));
  return value instanceof Map ? visitMap(walk, value) : visitEntries(walk, Object.entries(value));
}

/** A Map stays one when it has other keys than strings. */
function visitMap(walk: Walk, members: ReadonlyMap<unknown, unknown>): unknown {
  const entries: (readonly [unknown, unknown])[] = [...members];
  if (entries.every(hasTextKey)) return visitEntries(walk, entries);
  const ruleOfKeys = walk.rules.key;
  if (ruleOfKeys === undefined) throw problem(walk, "the keys of a Map must be strings");
  const tree = new Map<unknown, unknown>();
  for (const [key, member] of entries) {
    if (member === undefined) continue;
    const ruled = apply(walk, () => (typeof key === "string" ? walk.rules.text(key) : ruleOfKeys(key)));
    tree.set(ruled, visitMember(walk, String(key), member));
  }
  return tree;
}

type TextEntry = readonly [key: string, member: unknown];

function hasTextKey(entry: readonly [unknown, unknown]): entry is TextEntry {
  return typeof entry[0] === "string";
}

function visitEntries(walk: Walk, entries: readonly TextEntry[]): PlainObject {
  const tree: PlainObject = {};
  for (const [key, member] of entries) {
    if (member === undefined) continue;
    setOwn(
      tree,
      apply(walk, () => walk.rules.text(key)),
      visitMember(walk, key, member),
    );
  }
  return tree;
}

function visitMember(walk: Walk, key: string | number, member: unknown): unknown {
  walk.path.push(key);
  const tree = visit(walk, member);
  walk.path.pop();
  return tree;
}

function apply<T>(walk: Walk, rule: () => T): T {
  try {
    return rule();
  } catch (error) {
    throw problem(walk, toError(error).message, error);
  }
}

function problem(walk: Walk, what: string, cause?: unknown): EncodeError {
  return new EncodeError(
    `${walk.rules.format} cannot carry the value at ${describePath(walk.path)}: ${what}.`,
    {
      cause,
    },
  );
}

/** The place of a value in another, as JavaScript would write it: `$.args[0]`. */
export function describePath(path: readonly (string | number)[]): string {
  const steps = path.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[A-Za-z_]\w{0,60}$/.test(step) ? `.${step}` : `[${JSON.stringify(step.slice(0, 60))}]`;
  });
  return `$${steps.join("")}`;
}

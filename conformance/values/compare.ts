/** What differs between two tagged values. */
import { describePath } from "../../protocol/index.ts";
import { EQUAL, offsetOf } from "./spellings.ts";
import { isTaggedObject, type Tagged, type TaggedObject, type TagName, tagOf } from "./tagged.ts";

/** How much a difference weighs: `must` fails a vector, `should` warns, `info` is only told. */
export type Weight = "must" | "should" | "info";

/** One place in which an answer differs from what was recorded. */
export interface Difference {
  readonly weight: Weight;
  /** As `$.args[0]`. */
  readonly path: string;
  /** undefined: nothing is there. */
  readonly expected: Tagged | undefined;
  readonly actual: Tagged | undefined;
  /** Why it matters, where the two values alone do not tell. */
  readonly reason?: string;
}

/** Stands for any value in a view of a scenario. */
const ANYTHING = "$any";

type Path = readonly (string | number)[];

/** Differences told of one value at most. */
const MAX_DIFFERENCES = 20;

/** The differences between two values, in the order of their places; empty when both mean the same. */
export function differences(expected: Tagged, actual: Tagged, path: Path = []): readonly Difference[] {
  const found: Difference[] = [];
  visit({ expected, actual, path }, found);
  return found.slice(0, MAX_DIFFERENCES);
}

/** Two values to compare, and where they are. */
interface Pair {
  readonly expected: Tagged;
  readonly actual: Tagged;
  readonly path: Path;
}

function visit(pair: Pair, found: Difference[]): void {
  if (found.length >= MAX_DIFFERENCES) return;
  const { expected, actual, path } = pair;
  if (expected === ANYTHING) return;
  const [wanted, got] = [tagOf(expected), tagOf(actual)];
  if (wanted !== undefined) {
    if (isList(wanted[0]) && (got?.[0] === wanted[0] || Array.isArray(actual))) visitList(pair, found);
    else visitLeaf(pair, found);
  } else if (got !== undefined) found.push(differs(pair));
  else if (Array.isArray(expected) && Array.isArray(actual)) visitItems(expected, actual, path, found);
  else if (isTaggedObject(expected) && isTaggedObject(actual)) visitMembers(expected, actual, path, found);
  else if (expected !== actual) found.push(differs(pair));
}

function isList(tag: TagName): boolean {
  return tag === "$tuple" || tag === "$set";
}

/** A tuple or a set; reading it as a list is no more than a pity. */
function visitList(pair: Pair, found: Difference[]): void {
  const { expected, actual, path } = pair;
  const [name = "$tuple", content] = tagOf(expected) ?? [];
  const items = tagOf(actual)?.[1] ?? actual;
  if (items === actual) found.push(differs(pair, "should", `a ${name.slice(1)} was read as a list`));
  if (!Array.isArray(content) || !Array.isArray(items)) found.push(differs(pair));
  else if (name === "$set") visitItems(sorted(content), sorted(items), path, found);
  else visitItems(content, items, path, found);
}

function visitLeaf(pair: Pair, found: Difference[]): void {
  const { expected, actual } = pair;
  const [name, content] = tagOf(expected) ?? [];
  const [other, otherContent] = tagOf(actual) ?? [];
  if (name === undefined || name !== other) {
    const isNumber = (tag: TagName | undefined): boolean => tag === "$int" || tag === "$float";
    const reason = isNumber(name) && isNumber(other) ? "1 and 1.0 are two values" : undefined;
    found.push(differs(pair, "must", reason));
  } else if (name === "$dict") {
    if (canonical(expected) !== canonical(actual)) found.push(differs(pair));
  } else if (EQUAL[name]?.(String(content), String(otherContent)) !== true) found.push(differs(pair));
  else if (name === "$datetime" && offsetOf(String(content)) !== offsetOf(String(otherContent)))
    found.push(differs(pair, "should", "the same instant, with another offset"));
}

function differs({ expected, actual, path }: Pair, weight: Weight = "must", reason?: string): Difference {
  return {
    weight,
    path: describePath(path),
    expected,
    actual,
    ...(reason !== undefined && { reason }),
  };
}

function visitItems(
  expected: readonly Tagged[],
  actual: readonly Tagged[],
  path: Path,
  found: Difference[],
): void {
  for (let at = 0; at < Math.max(expected.length, actual.length); at++) {
    visitMember(expected[at], actual[at], [...path, at], found);
  }
}

function visitMembers(expected: TaggedObject, actual: TaggedObject, path: Path, found: Difference[]): void {
  const own = (object: TaggedObject, name: string): Tagged | undefined =>
    Object.hasOwn(object, name) ? object[name] : undefined;
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    visitMember(own(expected, name), own(actual, name), [...path, name], found);
  }
}

function visitMember(
  expected: Tagged | undefined,
  actual: Tagged | undefined,
  path: Path,
  found: Difference[],
): void {
  if (expected !== undefined && actual !== undefined) visit({ expected, actual, path }, found);
  else found.push({ weight: "must", path: describePath(path), expected, actual });
}

/** The members of a set in an order that both sides share. */
function sorted(items: readonly Tagged[]): readonly Tagged[] {
  return items.toSorted((one, other) => (canonical(one) < canonical(other) ? -1 : 1));
}

/** A text that is the same for the same value, whatever the order of members. */
function canonical(value: Tagged): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isTaggedObject(value)) return JSON.stringify(value);
  const [name, content] = tagOf(value) ?? [];
  const isUnordered = name === "$set" || name === "$dict";
  if (isUnordered && Array.isArray(content))
    return `{"${name}":[${content.map(canonical).toSorted().join()}]}`;
  const members = Object.keys(value).toSorted();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`).join()}}`;
}

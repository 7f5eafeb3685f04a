/** Compares what must be there, and leaves out what may be there besides. */
import { type Difference, differences } from "../values/compare.ts";
import { isTaggedObject, type Tagged, tagOf } from "../values/tagged.ts";

/** In a view: the list has these items, among others. */
const HAS = "$has";
/** In a view: something is there. */
const ANY = "$any";

/** The differences between a value and the part of it that is expected: objects may have further members, lists may not. */
export function missingFrom(
  expected: Tagged,
  actual: Tagged | undefined,
  path: readonly (string | number)[],
): readonly Difference[] {
  if (actual === undefined) return differences(expected, null, path);
  if (isMembers(expected)) {
    if (Object.hasOwn(expected, ANY)) return [];
    const items = expected[HAS];
    if (Array.isArray(items)) return lacking(items, actual, path);
    if (isMembers(actual)) {
      return Object.entries(expected).flatMap(([name, member]) =>
        missingFrom(member, Object.hasOwn(actual, name) ? actual[name] : undefined, [...path, name]),
      );
    }
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length)
    return expected.flatMap((item: Tagged, at) => missingFrom(item, actual[at] as Tagged, [...path, at]));
  return differences(expected, actual, path);
}

function lacking(
  items: readonly Tagged[],
  actual: Tagged,
  path: readonly (string | number)[],
): readonly Difference[] {
  const list: readonly Tagged[] = Array.isArray(actual) ? actual : [];
  const missing = items.filter((item) => !list.some((one) => missingFrom(item, one, []).length === 0));
  return missing.flatMap((item) =>
    differences(item, null, path).map((difference) => ({
      ...difference,
      actual,
      reason: "the list lacks it",
    })),
  );
}

function isMembers(value: Tagged): value is { readonly [name: string]: Tagged } {
  return isTaggedObject(value) && tagOf(value) === undefined;
}

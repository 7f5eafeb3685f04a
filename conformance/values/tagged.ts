/**
 * Tagged JSON: values as they cross the pipe between runner and adapter, so that no JSON parser on the way loses the
 * difference between 1 and 1.0, digits of large integers, NaN or bytes. Strings, booleans, null, arrays and objects stand
 * for themselves; everything else, numbers too, is an object of one member whose name begins with `$`.
 */

/** A tagged value. */
export type Tagged = null | boolean | string | readonly Tagged[] | TaggedObject;

/** An object, or a tag. */
export interface TaggedObject {
  readonly [name: string]: Tagged;
}

/** The tags, and what stands behind each. */
export const TAGS = {
  $int: "an integer of any size, as decimal text",
  $float: 'a float as text: "1.0", "1e+300", "-0.0", "inf", "-inf"',
  $nan: "true: a float that is not a number",
  $bytes: "bytes in base64",
  $datetime: "a datetime as ISO 8601, with an offset unless it is naive",
  $date: "a date as YYYY-MM-DD",
  $time: "a time of day as ISO 8601",
  $decimal: "a decimal number as its exact text",
  $uuid: "a UUID as text with dashes",
  $tuple: "a tuple: an array of its items",
  $set: "a set: an array of its items, in any order",
  $dict:
    "an object as an array of [key, value]: for keys that are no strings, and for one key that begins with $",
} as const;

/** The name of a tag. */
export type TagName = keyof typeof TAGS;

/** The tag of a value and what is in it; undefined for values that stand for themselves. */
export function tagOf(value: Tagged): readonly [tag: TagName, content: Tagged] | undefined {
  if (!isTaggedObject(value)) return undefined;
  const [name, ...more] = Object.keys(value);
  if (name === undefined || more.length > 0 || !isTagName(name)) return undefined;
  return [name, value[name] ?? null];
}

/** True for objects, tags included. */
export function isTaggedObject(value: Tagged | undefined): value is TaggedObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTagName(name: string): name is TagName {
  return Object.hasOwn(TAGS, name);
}

/** The text of a tag or a plain string, null for anything else: `textOf({"$datetime": "2030-01-01"})`. */
export function textOf(value: Tagged | undefined): string | null {
  const content = value === undefined ? undefined : (tagOf(value)?.[1] ?? value);
  return typeof content === "string" ? content : null;
}

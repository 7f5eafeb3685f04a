/** Contents of tags that are spelled in more than one way. */
import type { TagName } from "./tagged.ts";

/** Whether two contents of a tag mean the same. */
export type Equal = (expected: string, actual: string) => boolean;

/** By tag; the tags of containers are compared member by member. */
export const EQUAL: Partial<Readonly<Record<TagName, Equal>>> = {
  $int: (expected, actual) => expected === actual,
  $float: (expected, actual) => Object.is(floatOf(expected), floatOf(actual)),
  $nan: () => true,
  $bytes: (expected, actual) => expected === actual,
  $datetime: (expected, actual) => canonicalTime(expected) === canonicalTime(actual),
  $date: (expected, actual) => expected === actual,
  $time: (expected, actual) => padFraction(expected) === padFraction(actual),
  $decimal: (expected, actual) => canonicalDecimal(expected) === canonicalDecimal(actual),
  $uuid: (expected, actual) => expected.toLowerCase() === actual.toLowerCase(),
};

function floatOf(text: string): number {
  if (text === "inf" || text === "-inf")
    return text === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return Number(text);
}

const OFFSET = /(Z|[+-]\d{2}:?\d{2}(?::?\d{2})?)$/i;

/** A time in UTC with microseconds, or a naive one as it is. */
function canonicalTime(text: string): string {
  const match = OFFSET.exec(text.slice(10));
  if (match === null) return padFraction(text.replace(" ", "T"));
  const local = text.slice(0, text.length - match[0].length);
  const [seconds = "", fraction = ""] = local.split(".");
  const timestampMs = Date.parse(`${seconds.replace(" ", "T")}Z`) - offsetOf(text) * 1000;
  return `${timestampMs}.${fraction.padEnd(6, "0")}`;
}

/** Seconds east of UTC; 0 for a naive time. */
export function offsetOf(text: string): number {
  const offset = OFFSET.exec(text.slice(10))?.[0] ?? "";
  if (offset === "" || offset.toUpperCase() === "Z") return 0;
  const [hours = 0, minutes = 0, seconds = 0] = (offset.match(/\d\d/g) ?? []).map(Number);
  return (offset.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
}

function padFraction(text: string): string {
  const [whole = "", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(6, "0")}`;
}

function canonicalDecimal(text: string): string {
  return text.toUpperCase().replace(/^\+/, "").replace(/E(\d)/, "E+$1");
}

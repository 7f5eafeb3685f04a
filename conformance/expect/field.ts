/** Rules for the fields of a view: how each is compared, and how much a difference weighs. */
import { describePath, parseIsoTime } from "../../protocol/index.ts";
import { type Difference, differences, type Weight } from "../values/compare.ts";
import { isTaggedObject, type Tagged, type TaggedObject, tagOf, textOf } from "../values/tagged.ts";

/** Between which instants a time must be, in milliseconds since 1970. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How a field is compared. */
export type Comparison =
  | "value"
  | "number"
  | "instant"
  | "limits"
  | "signatures"
  | "error"
  | "presence"
  | "time";

export interface FieldRule {
  readonly weight: Weight;
  readonly comparison: Comparison;
  /** What a field means that is null, or is not there. Default: null. */
  readonly absent?: Tagged;
  /** The field that stands for this one when it is null. */
  readonly fallback?: string;
  /** What a difference may mean, where the comparison does not tell. */
  readonly reason?: string;
}

/** Times of implementations may end at milliseconds. */
const INSTANT_TOLERANCE_MS = 1;
/** Without their fractions of a second, times still do what they are for. */
const WHOLE_SECOND_MS = 1000;

/** Compares the fields that the rules name; `windows` stands in for a recorded time that was relative to its call. */
export function compareFields(
  expected: TaggedObject,
  actual: TaggedObject,
  rules: Readonly<Record<string, FieldRule>>,
  windows: Readonly<Record<string, TimeWindow>> = {},
): readonly Difference[] {
  return Object.entries(rules).flatMap(([name, rule]) => {
    const [wanted, got] = [fieldOf(expected, name, rule), fieldOf(actual, name, rule)];
    const window = windows[name];
    if (window !== undefined) return compareWindow(window, got, name);
    return COMPARE[rule.comparison](wanted, got, name).map((difference) => told(difference, rule));
  });
}

function fieldOf(view: TaggedObject, name: string, { absent = null, fallback }: FieldRule): Tagged {
  return view[name] ?? (fallback === undefined ? absent : (view[fallback] ?? absent));
}

const ORDER: readonly Weight[] = ["info", "should", "must"];

/** No heavier than its rule, and with the rule's reason where it has none. */
function told(difference: Difference, { weight, reason }: FieldRule): Difference {
  const isLighter = ORDER.indexOf(difference.weight) <= ORDER.indexOf(weight);
  return {
    ...(reason !== undefined && { reason }),
    ...difference,
    weight: isLighter ? difference.weight : weight,
  };
}

type Compare = (expected: Tagged, actual: Tagged, name: string) => readonly Difference[];

const COMPARE: Readonly<Record<Comparison, Compare>> = {
  value: (expected, actual, name) => differences(expected, actual, [name]),
  number: (expected, actual, name) =>
    numberOf(expected) === numberOf(actual) ? [] : [differs(expected, actual, name)],
  limits: (expected, actual, name) => {
    const [wanted, got] = [expected, actual].map((limits) =>
      Array.isArray(limits) ? limits.map(numberOf).join() : "",
    );
    return wanted === got ? [] : [differs(expected, actual, name, "timelimit is [hard, soft], in seconds")];
  },
  instant: (expected, actual, name) => {
    if (expected === null && actual === null) return [];
    const [wanted, got] = [instantOf(expected), instantOf(actual)];
    const offMs = wanted === null || got === null ? Number.POSITIVE_INFINITY : Math.abs(wanted - got);
    return offMs <= INSTANT_TOLERANCE_MS ? [] : [weighed(differs(expected, actual, name), offMs)];
  },
  signatures: compareSignatures,
  error: compareErrors,
  time: (expected, actual, name) =>
    isEmpty(expected) === (instantOf(actual) === null) ? [] : [differs(expected, actual, name)],
  presence: (expected, actual, name) =>
    isEmpty(expected) === isEmpty(actual) ? [] : [differs(expected, actual, name)],
};

/** An error of another language has another module; a single argument may stand for itself. */
function compareErrors(expected: Tagged, actual: Tagged, name: string): readonly Difference[] {
  if (!isTaggedObject(expected) || !isTaggedObject(actual)) return differences(expected, actual, [name]);
  const [wanted, got] = [expected, actual].map(({ args = null }) =>
    Array.isArray(args) || args === null ? args : [args],
  );
  const isBare = expected["args"] !== undefined && wanted !== null && !Array.isArray(actual["args"] ?? []);
  const bare = differs(
    expected["args"],
    actual["args"] ?? null,
    name,
    "exc_message is the list of the arguments",
  );
  return [
    ...differences(expected["type"] ?? null, actual["type"] ?? null, [name, "type"]),
    ...(isBare ? [{ ...bare, weight: "should" as const, path: describePath([name, "args"]) }] : []),
    ...(expected["args"] === undefined ? [] : differences(wanted ?? null, got ?? null, [name, "args"])),
  ];
}

function compareWindow(window: TimeWindow, actual: Tagged, name: string): readonly Difference[] {
  const instant = instantOf(actual);
  const { fromMs, toMs } = window;
  const offMs = instant === null ? Number.POSITIVE_INFINITY : Math.max(fromMs - instant, instant - toMs);
  if (offMs <= INSTANT_TOLERANCE_MS) return [];
  const [from, to] = [fromMs, toMs].map((timestampMs) => new Date(timestampMs).toISOString());
  return [weighed(differs(undefined, actual, name, `it must be a time between ${from} and ${to}`), offMs)];
}

function weighed(difference: Difference, offMs: number): Difference {
  return offMs < WHOLE_SECOND_MS ? { ...difference, weight: "should" } : difference;
}

/** One signature or several; they are the same when what they leave out means the same. */
function compareSignatures(expected: Tagged, actual: Tagged, name: string): readonly Difference[] {
  return differences(listOf(expected).map(withoutEmpty), listOf(actual).map(withoutEmpty), [name]);
}

function listOf(value: Tagged): readonly Tagged[] {
  if (value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A signature without empty members and options; arguments stay as they are. */
function withoutEmpty(signature: Tagged): Tagged {
  if (!isTaggedObject(signature)) return signature;
  const { options, ...members } = signature;
  return { ...filled(members), options: isTaggedObject(options) ? filled(options) : {} };
}

function filled(members: TaggedObject): TaggedObject {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => !isEmpty(member)));
}

/** What may as well not be there. */
export function isEmpty(value: Tagged | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  if (Array.isArray(value)) return value.every((item) => item === null);
  return isTaggedObject(value) && (Object.keys(value).length === 0 || numberOf(value) === 0);
}

function numberOf(value: Tagged): number | null {
  const [name, content] = tagOf(value) ?? [];
  return name === "$int" || name === "$float" ? Number(content) : null;
}

function instantOf(value: Tagged): number | null {
  const text = textOf(value);
  try {
    return text === null ? null : parseIsoTime(text, "time");
  } catch {
    return null;
  }
}

function differs(expected: Tagged | undefined, actual: Tagged, name: string, reason?: string): Difference {
  return { weight: "must", path: describePath([name]), expected, actual, ...(reason && { reason }) };
}

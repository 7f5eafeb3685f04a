/** Compares what an adapter did with what a vector expects of it. */
import { DecodeError, isPlainObject } from "../../protocol/index.ts";
import type { AmqpWire, Wire } from "../ccp/messages.ts";
import type { DecodeVector, EncodeVector, Expectation, Question } from "../suite/vector.ts";
import type { Difference } from "../values/compare.ts";
import { isTaggedObject, type Tagged, type TaggedObject } from "../values/tagged.ts";
import { compareFields, isEmpty, type TimeWindow } from "./field.ts";
import { CALL_FIELDS, HEADER_FIELDS, OTHER_HEADERS, PROPERTY_FIELDS, RESULT_FIELDS } from "./fields.ts";
import { readCall } from "./read-call.ts";

/** Time may pass between the call and the message. */
const EXPIRATION_TOLERANCE_SECONDS = 5;

/** An answer, and when it was asked for and given. */
export interface Answered {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/** What is right and wrong about an answer. */
export interface Judgement {
  readonly differences: readonly Difference[];
  /** Whether the vector only tolerates what was done. */
  readonly isNonstrict: boolean;
}

/** Rejects when this program cannot tell, as without a package that a compression needs. */
export async function judge(vector: Question, answered: Answered): Promise<Judgement> {
  const { fields } = answered;
  const outcome = vector.command === "encode" ? "encode" : fields["accept"] === true ? "accept" : "reject";
  const expectation = vector.expect.find((entry) => entry.outcome === outcome);
  if (expectation === undefined)
    return { differences: [wrongOutcome(vector, outcome, fields)], isNonstrict: false };
  const isNonstrict = expectation.as === "nonstrict";
  if (outcome === "reject") return { differences: [], isNonstrict };
  const differences =
    vector.command === "encode"
      ? await judgeMessage(vector, fields["wire"] as AmqpWire, answered)
      : judgeDecoded(vector, fields);
  return { differences, isNonstrict };
}

function wrongOutcome(
  vector: Question,
  outcome: Expectation["outcome"],
  fields: Answered["fields"],
): Difference {
  const expected = vector.expect.map((entry) => entry.outcome).join(" or ");
  const said = typeof fields["reason"] === "string" ? `: ${fields["reason"]}` : "";
  return { weight: "must", path: "$", expected, actual: outcome, reason: `the outcome is another${said}` };
}

function judgeDecoded(vector: DecodeVector, fields: Answered["fields"]): readonly Difference[] {
  const [name, rules] =
    vector.stored === undefined ? (["call", CALL_FIELDS] as const) : (["result", RESULT_FIELDS] as const);
  const view = fields[name];
  if (isPlainObject(view)) return compareFields(vector.view, view as TaggedObject, rules);
  return [
    { weight: "must", path: "$", expected: vector.view, actual: undefined, reason: `"${name}" is missing` },
  ];
}

/** Compares a message with the one that Celery made of the same call. */
export async function judgeMessage(
  vector: Pick<EncodeVector, "view" | "wire" | "relative">,
  wire: AmqpWire,
  { sentAtMs, answeredAtMs }: Omit<Answered, "fields">,
): Promise<readonly Difference[]> {
  let view: TaggedObject;
  try {
    // kombu reads types that it knows whatever the encoding; another one is told among the properties.
    const { content_encoding = "utf-8" } = vector.wire.properties;
    view = await readCall({ ...wire, properties: { ...wire.properties, content_encoding } });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const reason = `the message cannot be read: ${error.message}`;
    return [{ weight: "must", path: "$.wire", expected: vector.view, actual: undefined, reason }];
  }
  const windows = Object.fromEntries(
    Object.entries(vector.relative ?? {}).map(([name, seconds]) => [
      name,
      { fromMs: sentAtMs + seconds * 1000, toMs: answeredAtMs + seconds * 1000 },
    ]),
  );
  const recorded = vector.wire;
  return [
    ...compareProtocols(recorded, wire),
    ...compareCall(vector.view, view, windows),
    ...at("headers", compareHeaders(recorded.headers, wire.headers)),
    ...at("properties", compareFields(recorded.properties, wire.properties, PROPERTY_FIELDS)),
    ...at("properties", compareExpiration(recorded, wire, vector.relative?.["expires"])),
  ];
}

/** Clients with typed functions send all arguments by name, which is the same call to a function with these names. */
function compareCall(
  expected: TaggedObject,
  actual: TaggedObject,
  windows: Readonly<Record<string, TimeWindow>>,
): readonly Difference[] {
  const { args: positions = [], kwargs: names = {} } = expected;
  const { args = [], kwargs: given = {} } = actual;
  const isByName =
    Array.isArray(positions) &&
    positions.length > 0 &&
    // [null] are arguments.
    Array.isArray(args) &&
    args.length === 0 &&
    isEmpty(names) &&
    isTaggedObject(given);
  if (!isByName) return compareFields(expected, actual, CALL_FIELDS, windows);
  const values: Tagged = Object.values(given);
  const reason = "positional arguments are sent by name, which only functions with these names take";
  return [
    { weight: "should", path: "$.args", expected: positions, actual: given, reason },
    ...compareFields(expected, { ...actual, args: values, kwargs: names }, CALL_FIELDS, windows),
  ];
}

/** Both protocols can say the same; workers take them apart by the header. */
function compareProtocols(recorded: AmqpWire, wire: AmqpWire): readonly Difference[] {
  const [expected, actual] = [recorded.headers["task"], wire.headers["task"]];
  if ((expected === undefined) === (actual === undefined)) return [];
  const reason = "messages of protocol 2 have this header, those of protocol 1 have it in the body";
  return [{ weight: "must", path: "$.headers.task", expected, actual, reason }];
}

/** Headers of protocol 2 that are not sent mean their default; extra ones are kept by whoever sends a task again. */
function compareHeaders(recorded: TaggedObject, actual: TaggedObject): readonly Difference[] {
  const own = Object.keys(recorded).filter(
    (name) => !OTHER_HEADERS.has(name) && !Object.hasOwn(HEADER_FIELDS, name),
  );
  const rules = Object.fromEntries(
    own.map((name) => [name, { weight: "must", comparison: "value" } as const]),
  );
  const missing = Object.keys(recorded).filter(
    (name) => actual[name] === undefined && isEmpty(recorded[name]) && !Object.hasOwn(rules, name),
  );
  const extra = Object.keys(actual).filter((name) => recorded[name] === undefined && !isEmpty(actual[name]));
  return [
    ...compareFields(recorded, actual, { ...HEADER_FIELDS, ...rules }),
    ...missing.map((name) => told(name, recorded[name], undefined, "Celery sends it in every message")),
    ...extra.map((name) => told(name, undefined, actual[name], "Celery does not send it")),
  ];
}

function told(
  name: string,
  expected: Tagged | undefined,
  actual: Tagged | undefined,
  reason: string,
): Difference {
  return { weight: "info", path: `$.${name}`, expected, actual, reason };
}

/** The property `expiration` is text: the milliseconds that the broker may keep the message. */
function compareExpiration(
  recorded: AmqpWire,
  wire: AmqpWire,
  seconds: number | undefined,
): readonly Difference[] {
  const [expected, actual] = [recorded.properties["expiration"], wire.properties["expiration"]];
  if (expected === undefined && isEmpty(actual)) return [];
  const written = typeof actual === "string" ? actual : "";
  const isDigits = /^\d{1,15}$/.test(written);
  const isInTime =
    seconds === undefined || Math.abs(Number(written) / 1000 - seconds) <= EXPIRATION_TOLERANCE_SECONDS;
  if (isDigits && isInTime && expected !== undefined) return [];
  if (isEmpty(actual)) {
    const reason = "without it the broker keeps the message until a worker throws it away";
    return [{ weight: "should", path: "$.expiration", expected, actual, reason }];
  }
  const reason = "it is text: the milliseconds until the message expires";
  return [{ weight: "must", path: "$.expiration", expected, actual, reason }];
}

function at(place: string, differences: readonly Difference[]): readonly Difference[] {
  return differences.map((difference) => ({ ...difference, path: `$.${place}${difference.path.slice(1)}` }));
}

/** The bytes of a message. */
export function bytesOf(wire: Wire): Buffer {
  return "envelope" in wire ? Buffer.from(wire.envelope) : Buffer.from(wire.body_b64, "base64");
}

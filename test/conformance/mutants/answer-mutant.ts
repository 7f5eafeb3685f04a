/** Faults in what an adapter answers to `encode` and `decode`: what each makes of the right answer, and which vectors name it. */
import type { AmqpWire } from "../../../conformance/index.ts";
import type { Tagged, TaggedObject } from "../../../conformance/values/tagged.ts";

/** An answer of the contract. */
export type AdapterAnswer = Readonly<Record<string, unknown>>;

/** Makes a wrong answer of a right one. */
export type Plant = (answer: AdapterAnswer) => AdapterAnswer;

export interface AnswerMutant {
  /** What is done wrong. */
  readonly name: string;
  readonly plant: Plant;
  /** By the id of each vector that must catch it: what its verdict says, from its status on. */
  readonly caughtBy: Readonly<Record<string, string>>;
}

/** Members that are changed, added, or with undefined left out. */
type Members = Readonly<Record<string, Tagged | undefined>>;
type Change = Members | ((members: TaggedObject) => Members);

function merged(members: TaggedObject, change: Change): TaggedObject {
  const given = typeof change === "function" ? change(members) : change;
  const kept = Object.entries({ ...members, ...given }).filter(([, member]) => member !== undefined);
  return Object.fromEntries(kept) as TaggedObject;
}

// The runner checks answers before it reads them: they have the members of the contract.
function inWire(change: (wire: AmqpWire) => AmqpWire): Plant {
  return ({ wire }) => ({ wire: change(wire as AmqpWire) });
}

function inMember(name: "call" | "result", change: Change): Plant {
  return (answer) => ({ ...answer, [name]: merged(answer[name] as TaggedObject, change) });
}

export const headers = (change: Change): Plant =>
  inWire((wire) => ({ ...wire, headers: merged(wire.headers, change) }));

export const properties = (change: Change): Plant =>
  inWire((wire) => ({ ...wire, properties: merged(wire.properties, change) }));

export const bytes = (change: (body: Buffer) => Buffer): Plant =>
  inWire((wire) => ({ ...wire, body_b64: change(Buffer.from(wire.body_b64, "base64")).toString("base64") }));

export const text = (change: (body: string) => string): Plant =>
  bytes((body) => Buffer.from(change(body.toString())));

export type Embed = Readonly<Record<string, unknown>>;
export type Body = readonly [
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  embed: Embed,
];

/** The three parts of a body in JSON. */
export const parts = (change: (body: Body) => unknown): Plant =>
  text((body) => JSON.stringify(change(JSON.parse(body) as Body)));

/** What was read of a message. */
export const call = (change: Change): Plant => inMember("call", change);

/** What was read of a stored result. */
export const result = (change: Change): Plant => inMember("result", change);

/** Several at once. */
export const all =
  (...plants: readonly Plant[]): Plant =>
  (answer) =>
    plants.reduce((done, plant) => plant(done), answer);

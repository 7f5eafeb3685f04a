/** Faults in what a live implementation takes from a broker, gives to it, stores and answers. */
import type { PlainObject, ResultDocument, Route, WireMessage } from "../../../protocol/index.ts";
import type { Delivery } from "../../../transports/index.ts";

/** The variable that names the fault; `configure` sets it. */
export const MUTANT_VARIABLE = "CONF_MUTANT";

export interface LiveMutant {
  /** What is done wrong. */
  readonly name: string;
  /** What it sees of a message that came; undefined: it forgets the message. */
  readonly delivered?: (message: WireMessage) => WireMessage | undefined;
  /** What it makes of a delivery; none: it has dealt with it. */
  readonly handled?: (delivery: Delivery) => readonly Delivery[];
  /** What becomes of a message that it publishes: messages, or the text of an envelope in a queue of Redis. */
  readonly published?: (message: WireMessage, route: Route) => readonly Sent[];
  /** What becomes of a result that it stores: another, none, or one that it writes in a way of its own. */
  readonly stored?: (document: ResultDocument) => ResultDocument | OwnWrite | undefined;
  /** What it says instead, as the answer to a command. */
  readonly answered?: (answer: PlainObject) => PlainObject;
  /** Whether the fault shows by something that never comes: the runner need not wait for it for long. */
  readonly isLoss?: boolean;
  /** By the id of each vector that must catch it: what its verdict says, from its status on. */
  readonly caughtBy: Readonly<Record<string, string>>;
}

/** A message on its way: where to, or the queue of Redis into which its envelope is pushed as text. */
export type Sent =
  | { readonly message: WireMessage; readonly route: Route }
  | { readonly envelope: string; readonly queue: string };

/** A write to Redis that leaves something out. */
export interface OwnWrite {
  readonly write: "untold" | "kept for ever" | "over everything";
  readonly document: ResultDocument;
}

export function isOwnWrite(stored: ResultDocument | OwnWrite): stored is OwnWrite {
  return "write" in stored;
}

export const isTask = ({ headers }: WireMessage): boolean => headers["task"] !== undefined;

/** A task message whose body is no JSON. */
export const isUnreadable = (message: WireMessage): boolean =>
  isTask(message) && bodyOf(message) === undefined;

/** A delivery with other members. */
export function proxied(delivery: Delivery, members: Partial<Delivery>): Delivery {
  return new Proxy(delivery, {
    get: (target, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** A task message with other headers. */
export const withHeaders =
  (headers: PlainObject) =>
  (message: WireMessage): WireMessage =>
    isTask(message) ? { ...message, headers: { ...message.headers, ...headers } } : message;

/** A message with another body, where that is JSON of the form that is looked for. */
export function withBody<Body>(
  message: WireMessage,
  isIt: (body: unknown) => body is Body,
  change: (body: Body) => unknown,
): WireMessage {
  const body = bodyOf(message);
  if (!isIt(body)) return message;
  return { ...message, body: Buffer.from(JSON.stringify(change(body))) };
}

export function bodyOf({ body }: WireMessage): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

type Parts = readonly [args: readonly unknown[], kwargs: PlainObject, embed: PlainObject];

const isParts = (body: unknown): body is Parts =>
  Array.isArray(body) && body.length === 3 && Array.isArray(body[0]);

/** A task message with other parts of its body. */
export const withParts =
  (change: (parts: Parts) => Parts) =>
  (message: WireMessage): WireMessage =>
    isTask(message) ? withBody(message, isParts, change) : message;

/** Without a member of the body's third part. */
export const withoutEmbedded = (name: string): ((message: WireMessage) => WireMessage) =>
  withParts(([args, kwargs, embed]) => [args, kwargs, { ...embed, [name]: null }]);

interface ControlCommand extends PlainObject {
  readonly method: string;
}

const isCommand = (body: unknown): body is ControlCommand =>
  typeof body === "object" && body !== null && "method" in body;

/** A control command under another name. */
export const withMethod =
  (from: string, to: string) =>
  (message: WireMessage): WireMessage =>
    withBody(message, isCommand, (command) => ({
      ...command,
      method: command.method === from ? to : command.method,
    }));

interface Event extends PlainObject {
  readonly type: string;
}

const isEvents = (body: unknown): body is readonly Event[] =>
  Array.isArray(body) && typeof body[0]?.type === "string";

/** Other task events: a worker sends several in one message. */
export const withEvents =
  (change: (event: Event) => readonly PlainObject[]) =>
  (message: WireMessage, route: Route): readonly Sent[] => [
    { message: withBody(message, isEvents, (events) => events.flatMap(change)), route },
  ];

/** The same route for one message or another. */
export const sent =
  (change: (message: WireMessage) => WireMessage) =>
  (message: WireMessage, route: Route): readonly Sent[] => [{ message: change(message), route }];

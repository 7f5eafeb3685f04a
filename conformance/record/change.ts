/** Messages that Celery would not send: one that it sent, with a part changed. */
import { deflateSync } from "node:zlib";
import type { AmqpWire, Wire } from "../ccp/messages.ts";
import type { TaggedObject } from "../values/tagged.ts";
import { type FrameChange, withFrame } from "./frame.ts";
import { tagWritten } from "./plan-file.ts";

/** What a plan changes of a message. */
export interface Change {
  /** Members to set. */
  readonly headers?: TaggedObject;
  readonly properties?: TaggedObject;
  /** Members to leave out: `headers.id`, `properties.content_type`. */
  readonly drop?: readonly string[];
  /** Another body: as text, in base64, or that many bytes of a character. */
  readonly body_text?: string;
  readonly body_b64?: string;
  readonly body_repeat?: Repeat & { readonly zlib?: boolean };
  /** The body, cut after that many bytes. */
  readonly body_cut?: number;
  /** Of a signed body. */
  readonly frame?: FrameChange;
  /** All of it, as the text that a broker without AMQP keeps. */
  readonly envelope?: string | Repeat;
}

/** A long text, written short. */
interface Repeat {
  readonly text: string;
  readonly times: number;
}

/** Changes a message; `other` is one that the plan names beside it. */
export function changed(wire: Wire, change: Change | undefined, other?: AmqpWire): Wire {
  if (change === undefined) return wire;
  if (change.envelope !== undefined) return { envelope: textOf(change.envelope) };
  if ("envelope" in wire) return wire;
  const dropped = new Set(change.drop);
  const without = (members: TaggedObject, place: string): TaggedObject =>
    Object.fromEntries(Object.entries(members).filter(([name]) => !dropped.has(`${place}.${name}`)));
  return {
    properties: { ...without(wire.properties, "properties"), ...members(change.properties) },
    headers: { ...without(wire.headers, "headers"), ...members(change.headers) },
    body_b64: bodyOf(wire, change, other),
  };
}

function members(given: TaggedObject | undefined): TaggedObject {
  return tagWritten(given ?? {}) as TaggedObject;
}

function bodyOf(wire: AmqpWire, change: Change, other: AmqpWire | undefined): string {
  const { body_text, body_b64, body_repeat, body_cut, frame } = change;
  if (body_b64 !== undefined) return body_b64;
  if (body_text !== undefined) return Buffer.from(body_text).toString("base64");
  if (frame !== undefined) return withFrame(wire, frame, other);
  if (body_cut !== undefined)
    return Buffer.from(wire.body_b64, "base64").subarray(0, body_cut).toString("base64");
  if (body_repeat === undefined) return wire.body_b64;
  const bytes = Buffer.from(textOf(body_repeat));
  return (body_repeat.zlib === true ? deflateSync(bytes) : bytes).toString("base64");
}

function textOf(given: string | Repeat): string {
  return typeof given === "string" ? given : given.text.repeat(given.times);
}

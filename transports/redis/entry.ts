/**
 * Entries of the `unacked` hash: `[envelope, exchange, routing key]`, and what is written into an envelope that goes back
 * to its queue. Source: kombu/transport/redis.py (QoS.append, Channel._do_restore_message).
 */
import { clampPriority } from "../../protocol/index.ts";
import { memberOf, type Span, setMember, valueAt } from "./json-text.ts";

/** Counts deliveries that did not end in an acknowledgement, beside kombu's `redelivered`; RabbitMQ's name for the same thing. */
const DELIVERY_COUNT = "x-delivery-count";

/** A claimed message as it is kept. */
export interface UnackedEntry {
  /** The envelope's text. */
  readonly payload: string;
  readonly exchange: string;
  readonly routingKey: string;
}

/** What follows the envelope in an entry of ours: the queue by the anonymous exchange, so that a restore finds it. */
export function entryEnding(queue: string): string {
  return `,"",${JSON.stringify(queue)}]`;
}

/** Reads an entry; undefined when it cannot be read. */
export function readEntry(text: string): UnackedEntry | undefined {
  const envelope = valueAt(text, 1);
  return (
    entryOf(text.slice(envelope.start, envelope.end), text.slice(envelope.end)) ?? readBrokenEnvelope(text)
  );
}

/** An envelope that only looks like JSON is kept bare; the ending still tells where it belongs. */
function readBrokenEnvelope(text: string): UnackedEntry | undefined {
  const ending = text.lastIndexOf(',"",');
  return ending === -1 ? undefined : entryOf(text.slice(1, ending), text.slice(ending));
}

function entryOf(payload: string, ending: string): UnackedEntry | undefined {
  try {
    const [, exchange, routingKey]: unknown[] = JSON.parse(`[0${ending}`);
    if (typeof exchange !== "string" || typeof routingKey !== "string") return undefined;
    return { payload: payload.startsWith('"') ? String(JSON.parse(payload)) : payload, exchange, routingKey };
  } catch {
    return undefined;
  }
}

/** Priority of an envelope as kombu reads it: 0 when it is not a number. */
export function envelopePriority(payload: string): number {
  return clampPriority(numberAt(payload, ["properties", "priority"]));
}

/** How often the message was handed out before, as far as {@link markRedelivered} counted. */
export function deliveryCount(payload: string): number {
  // Almost no message has been delivered before: one search, and only then a closer look.
  if (!payload.includes(DELIVERY_COUNT)) return 0;
  const count = numberAt(payload, ["properties", "delivery_info", DELIVERY_COUNT]);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** The number, or the string that holds one, at a path; else NaN. */
function numberAt(text: string, path: readonly string[]): number {
  let span: Span | undefined = valueAt(text, 0);
  for (const step of path) span = memberOf(text, span, step);
  if (span === undefined) return Number.NaN;
  return Number.parseInt(text.slice(span.start, span.end).replace(/^"/, ""), 10);
}

/** Marks an envelope as kombu does when it goes back; `counts` adds one to the deliveries that failed. */
export function markRedelivered(payload: string, counts: boolean): string {
  const info = ["properties", "delivery_info"];
  const marked = setMember(
    setMember(payload, ["headers"], "redelivered", "true"),
    info,
    "redelivered",
    "true",
  );
  return counts ? setMember(marked, info, DELIVERY_COUNT, String(deliveryCount(payload) + 1)) : marked;
}

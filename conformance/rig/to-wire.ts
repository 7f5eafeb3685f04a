/** A message of a broker in the form of vectors: the way back of toMessage() in expect/read-call.ts. */
import type { WireMessage } from "../../protocol/index.ts";
import type { AmqpWire } from "../ccp/messages.ts";
import { tag } from "../values/tag.ts";
import type { TaggedObject } from "../values/tagged.ts";

export function toWire({ body, contentType, contentEncoding, headers, properties }: WireMessage): AmqpWire {
  const named = {
    content_type: contentType,
    content_encoding: contentEncoding,
    correlation_id: properties.correlationId,
    reply_to: properties.replyTo,
    delivery_mode: properties.deliveryMode,
    priority: properties.priority,
    expiration: properties.expiration,
  };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return {
    properties: tag(Object.fromEntries(given)) as TaggedObject,
    headers: tag(headers) as TaggedObject,
    body_b64: Buffer.from(body).toString("base64"),
  };
}

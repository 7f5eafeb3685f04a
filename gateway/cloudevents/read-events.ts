/** The events of a request, in whichever of the three modes they come. */
import { readBody } from "../body.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { parseBody } from "../json-body.ts";
import { Problem } from "../problems.ts";
import { readBinaryEvent } from "./binary-mode.ts";
import { type CloudEvent, checkEvent } from "./event.ts";

export interface ReadEvents {
  readonly events: readonly CloudEvent[];
  readonly isBatch: boolean;
}

const STRUCTURED = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";
const UTF8_ONLY = /^[^;]{1,100}(?:;[\t ]*charset="?utf-8"?[\t ]*)?$/i;
const MAX_EVENTS = 1000;

/** Throws Problem `unsupported-media-type` for what is no event, `invalid-arguments` for a wrong one, and what reading throws. */
export async function readEvents(exchange: Exchange, { limits, held }: GatewayContext): Promise<ReadEvents> {
  const { req } = exchange;
  const { "content-type": type = "", "content-encoding": encoding = "identity" } = req.headers;
  if (encoding.toLowerCase() !== "identity") throw unsupported("The body is compressed (Content-Encoding).");
  const [bare = ""] = type.toLowerCase().split(";");
  const mode = bare.trim();
  const isCloudEvents = mode.startsWith("application/cloudevents");
  if (isCloudEvents && ((mode !== STRUCTURED && mode !== BATCH) || !UTF8_ONLY.test(type)))
    throw unsupported(`Of the formats of events, this gateway reads JSON in UTF-8.`);
  if (!isCloudEvents && req.headers["ce-specversion"] === undefined)
    throw unsupported(
      "This is no CloudEvent: it has neither their Content-Type nor the header ce-specversion.",
    );
  const maxBytes = mode === BATCH ? limits.batchBytes : limits.bodyBytes;
  const body = await readBody(exchange, { maxBytes, held });
  if (!isCloudEvents) return { events: [readBinaryEvent(req, body, limits.depth)], isBatch: false };
  const value = parseBody(body, limits.depth);
  if (mode === STRUCTURED) return { events: [checkEvent(value, "")], isBatch: false };
  if (!Array.isArray(value))
    throw new Problem("invalid-arguments", { detail: "A batch is a list of events." });
  if (value.length > MAX_EVENTS) {
    const detail = `The batch has more than ${MAX_EVENTS} events.`;
    throw new Problem("payload-too-large", { detail, members: { limit: MAX_EVENTS } });
  }
  return { events: value.map((one, at) => checkEvent(one, `/${at}`)), isBatch: true };
}

function unsupported(detail: string): Problem {
  return new Problem("unsupported-media-type", {
    detail,
    headers: { "accept-post": `${STRUCTURED}, ${BATCH}` },
  });
}

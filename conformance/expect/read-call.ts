/** Messages and stored results as tagged values: how the runner reads what an adapter made, and Celerity's own adapter what it gets. */
import {
  createCodecs,
  createResultEncoding,
  DEFAULT_LIMITS,
  type DecodeOptions,
  decodeBody,
} from "../../codecs/index.ts";
import {
  exceptionOf,
  isPlainObject,
  type PlainObject,
  parseResultDocument,
  plainNumber,
  type ResultDocument,
  readEnvelope,
  type TaskRequest,
  toTaskRequest,
  type WireMessage,
} from "../../protocol/index.ts";
import type { AmqpWire, Stored, Wire } from "../ccp/messages.ts";
import { tag } from "../values/tag.ts";
import { type TaggedObject, textOf } from "../values/tagged.ts";
import { untag } from "../values/untag.ts";

const CODECS = createCodecs({ exactFloats: true });
const READ: DecodeOptions = {
  codecs: CODECS,
  accept: ["json", "yaml", "msgpack", "pickle"],
  limits: DEFAULT_LIMITS,
};
const NOWHERE = { queue: "", exchange: "", routingKey: "", redelivered: false };

/** Rejects with DecodeError when it is no task message. */
export async function readCall(wire: Wire): Promise<TaggedObject> {
  const message = "envelope" in wire ? readEnvelope(wire.envelope).message : toMessage(wire);
  const request = toTaskRequest(message, await decodeBody(message, READ), NOWHERE);
  return members(viewOf(request));
}

/** Rejects with DecodeError when it is no result document. */
export async function readResult({ serializer, body_b64 }: Stored): Promise<TaggedObject> {
  const encoding = createResultEncoding({ ...READ, serializer: CODECS.serializer(serializer) });
  return resultView(parseResultDocument(await encoding.decode(Buffer.from(body_b64, "base64")), ""));
}

/** A result document as tagged values. */
export function resultView(document: ResultDocument): TaggedObject {
  const { status: state, result, date_done, ...fields } = document;
  const error = exceptionOf(document);
  const ending =
    error === undefined
      ? { value: result }
      : { error: { type: error.exc_type, module: error.exc_module, args: error.exc_message } };
  const doneAt = date_done === null ? null : { $datetime: inUtc(date_done) };
  return { ...members({ ...fields, ...ending, state }), date_done: doneAt };
}

/** AMQP's form as the codecs take it. */
export function toMessage(wire: AmqpWire): WireMessage {
  const properties = untag(wire.properties) as PlainObject;
  return {
    body: Buffer.from(wire.body_b64, "base64"),
    contentType: textOf(wire.properties["content_type"]) ?? undefined,
    contentEncoding: textOf(wire.properties["content_encoding"]) ?? undefined,
    headers: plainNumbers(untag(wire.headers)) as PlainObject,
    properties: {
      correlationId: textOf(wire.properties["correlation_id"]) ?? undefined,
      replyTo: textOf(wire.properties["reply_to"]) ?? undefined,
      expiration: textOf(wire.properties["expiration"]) ?? undefined,
      deliveryMode: properties["delivery_mode"] === 1 ? 1 : 2,
      priority: typeof properties["priority"] === "number" ? properties["priority"] : 0,
    },
  };
}

function viewOf(request: TaskRequest): PlainObject {
  const { embed, headers } = request;
  return {
    task: request.task,
    id: request.id,
    // In pickles they are a tuple.
    args: Array.from(request.args),
    kwargs: request.kwargs,
    retries: request.retries,
    eta: timeOf(request.etaMs),
    expires: timeOf(request.expiresMs),
    timelimit: [request.timeLimitSeconds, request.softTimeLimitSeconds],
    group: request.groupId,
    group_index: request.groupIndex,
    root_id: request.rootId,
    parent_id: request.parentId,
    shadow: headers["shadow"],
    ignore_result: request.ignoreResult,
    stamps: headers["stamps"],
    callbacks: embed.callbacks,
    errbacks: embed.errbacks,
    chain: embed.chain,
    chord: embed.chord,
  };
}

function timeOf(timestampMs: number | undefined): Date | undefined {
  return timestampMs === undefined ? undefined : new Date(timestampMs);
}

function members(object: object): TaggedObject {
  return tag(object) as TaggedObject;
}

/** A naive time is one in UTC. */
function inUtc(text: string): string {
  return /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}+00:00`;
}

/** In headers a number's exact type says nothing. */
function plainNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (!isPlainObject(value)) return plainNumber(value);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainNumbers(member)]));
}

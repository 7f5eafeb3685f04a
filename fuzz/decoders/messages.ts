import {
  argsRepr,
  describeException,
  exceptionOf,
  isPlainObject,
  kwargsRepr,
  type PlainObject,
  parseResultDocument,
  readEnvelope,
  readPythonJson,
  toTaskRequest,
  type WireMessage,
} from "../../protocol/index.ts";
import { parseSignature } from "../../protocol/signature.ts";
import { type Decoder, isDecodeError, textOf } from "./decoder.ts";
import { messageWords } from "./words.ts";

export const messageDecoders: Readonly<Record<string, Decoder>> = {
  envelope: { decode: (input) => readEnvelope(textOf(input)), isRefusal: isDecodeError, words: messageWords },
  "task-v1": { decode: (input) => decodeTask(input, 1), isRefusal: isDecodeError, words: messageWords },
  "task-v2": { decode: (input) => decodeTask(input, 2), isRefusal: isDecodeError, words: messageWords },
  signature: {
    decode: (input) => parseSignature(readPythonJson(textOf(input)), "chord"),
    isRefusal: isDecodeError,
    words: messageWords,
  },
  result: { decode: decodeResult, isRefusal: isDecodeError, words: messageWords },
};

/**
 * A message from JSON: of an object with `headers`, `properties` and `body`, as far as they are there; without them the
 * whole is the body in protocol 1, and the headers in protocol 2.
 */
export function toWireMessage(json: unknown, protocol: 1 | 2): readonly [wire: WireMessage, body: unknown] {
  const parts = objectOf(json);
  const wire: WireMessage = {
    body: Buffer.from(typeof parts["body"] === "string" ? parts["body"] : ""),
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers: protocol === 1 ? {} : objectOf(parts["headers"] ?? parts),
    properties: { deliveryMode: 2, priority: 0, ...objectOf(parts["properties"]) },
  };
  return [wire, parts["body_decoded"] ?? (protocol === 1 ? json : [[], {}, parts["embed"]])];
}

function decodeTask(input: Uint8Array, protocol: 1 | 2): unknown {
  const [wire, body] = toWireMessage(readPythonJson(textOf(input)), protocol);
  const from = { queue: "q", exchange: "", routingKey: "q", redelivered: false };
  const request = toTaskRequest(wire, body, from);
  return [argsRepr(request.args), kwargsRepr(request.kwargs)];
}

function decodeResult(input: Uint8Array): unknown {
  const document = parseResultDocument(readPythonJson(textOf(input)), "id");
  const exception = exceptionOf(document);
  return exception && describeException(exception);
}

function objectOf(value: unknown): PlainObject {
  return isPlainObject(value) ? value : {};
}

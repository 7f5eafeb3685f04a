/** Reads the body of a request, never more of it than the limits allow. */
import type { IncomingMessage } from "node:http";
import { andThen } from "../codecs/index.ts";
import type { Budget } from "./budget.ts";
import type { Exchange } from "./exchange.ts";
import { Problem } from "./problems.ts";

/** What bounds a body. */
export interface BodyLimits {
  readonly maxBytes: number;
  /** Bytes that all requests together may hold. */
  readonly held: Budget;
}

/** The header that tells which types a method takes (W3C LDP, RFC 5789); `Accept` for others (RFC 9110, 15.5.16). */
const ACCEPT_OF_METHOD: Readonly<Record<string, string>> = { POST: "accept-post", PATCH: "accept-patch" };

const UTF8 = /^\s*charset\s*=\s*"?utf-8"?\s*$/i;

/** Throws Problem `unsupported-media-type` for anything but uncompressed JSON in UTF-8. */
export function requireJson(req: IncomingMessage): void {
  if (req.headers["content-type"] === "application/json" && req.headers["content-encoding"] === undefined)
    return;
  requireMediaType(req, ["application/json"]);
}

/** The media type of the body, one of those allowed. Throws Problem `unsupported-media-type` for others, and compressed bodies. */
export function requireMediaType(req: IncomingMessage, allowed: readonly string[]): string {
  const { "content-type": header, "content-encoding": encoding } = req.headers;
  const [name = "", ...parameters] = (header ?? "").split(";");
  const type = name.trim().toLowerCase();
  if (
    !allowed.includes(type) ||
    !parameters.every((parameter) => parameter.trim() === "" || UTF8.test(parameter))
  ) {
    const shown = header === undefined ? "missing" : JSON.stringify(header.slice(0, 100));
    throw new Problem("unsupported-media-type", {
      detail: `Content-Type is ${shown}; it must be ${allowed.join(" or ")}.`,
      headers: { [ACCEPT_OF_METHOD[req.method ?? ""] ?? "accept"]: allowed.join(", ") },
    });
  }
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new Problem("unsupported-media-type", {
      detail: "The body is compressed (Content-Encoding); send it as it is.",
      headers: { "accept-encoding": "identity" },
    });
  }
  return type;
}

/** True when the request says by its Content-Length that its body is over the limit. */
export function isTooLarge(req: IncomingMessage, maxBytes: number): boolean {
  return Number(req.headers["content-length"] ?? 0) > maxBytes;
}

/**
 * The body's bytes. Throws Problem `payload-too-large` and `temporary-reduced-capacity`; both close the connection, since
 * the rest of the body is not read; `bad-request` when the caller goes away, which nobody is left to hear; and
 * `quota-exceeded`.
 */
export function readBody(exchange: Exchange, limits: BodyLimits): Promise<Buffer> {
  const reading = exchange.body === undefined ? read(exchange, limits) : Promise.resolve(exchange.body);
  const { allowance } = exchange;
  if (allowance === undefined) return reading;
  return reading.then((bytes) => andThen(allowance.take("bytes", bytes.length), () => bytes));
}

function read(exchange: Exchange, { maxBytes, held }: BodyLimits): Promise<Buffer> {
  const { req } = exchange;
  return new Promise((resolve, reject) => {
    if (isTooLarge(req, maxBytes)) return reject(tooLarge(maxBytes));
    if (req.readableEnded)
      return reject(new Error("The body was read before: mount the gateway's handler before body parsers."));
    if (req.destroyed) return reject(new Problem("bad-request", { detail: "The body ends too early." }));
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      try {
        if (length > maxBytes) throw tooLarge(maxBytes);
        held.take(chunk.length);
      } catch (error) {
        req.off("data", onData);
        req.pause();
        reject(closing(error));
        return;
      }
      exchange.heldBytes += chunk.length;
      chunks.push(chunk);
    };
    req.on("data", onData);
    req.once("close", () => {
      if (!req.readableEnded) reject(new Problem("bad-request", { detail: "The body ends too early." }));
    });
    req.once("end", () => {
      const [first] = chunks;
      resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length));
    });
    return undefined;
  });
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("payload-too-large", {
    detail: `The body has more than ${maxBytes} bytes.`,
    members: { limit: maxBytes },
    close: true,
  });
}

function closing(error: unknown): unknown {
  return error instanceof Problem ? new Problem(error.type, { ...error.options, close: true }) : error;
}

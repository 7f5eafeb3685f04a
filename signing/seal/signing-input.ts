/** The bytes that a seal signs: one line for each field that decides how a task runs. Format: docs/sealed-headers.md. */
import { createHash } from "node:crypto";
import { DecodeError, type WireMessage } from "../../protocol/index.ts";
import type { SealClaims } from "./header.ts";

/** The parts of a message that a seal covers. */
export type SealableMessage = Pick<
  WireMessage,
  "body" | "contentType" | "contentEncoding" | "headers" | "properties"
>;

/** Longest time limit, in seconds. */
const MAX_LIMIT_SECONDS = 1e12;

/** A field as text, undefined for none. */
type Read = (message: SealableMessage, claims: SealClaims) => string | undefined;

const claim =
  (name: keyof SealClaims): Read =>
  (_message, claims) =>
    claims[name]?.toString();

const textHeader =
  (name: string): Read =>
  ({ headers }) =>
    readText(headers[name], name);

const countHeader =
  (name: string): Read =>
  ({ headers }) =>
    readCount(headers[name], name);

const timeLimit =
  (at: 0 | 1): Read =>
  ({ headers }) =>
    readLimit(headers["timelimit"], at);

/** In the order of the format. */
const FIELDS: readonly (readonly [name: string, read: Read])[] = [
  ["kid", claim("kid")],
  ["iat", claim("iat")],
  ["nonce", claim("nonce")],
  ["aud", claim("aud")],
  ["queue", claim("queue")],
  ["task", textHeader("task")],
  ["id", textHeader("id")],
  ["root_id", textHeader("root_id")],
  ["parent_id", textHeader("parent_id")],
  ["group", textHeader("group")],
  ["eta", textHeader("eta")],
  ["expires", textHeader("expires")],
  ["retries", countHeader("retries")],
  ["group_index", countHeader("group_index")],
  ["timelimit_hard", timeLimit(0)],
  ["timelimit_soft", timeLimit(1)],
  ["ignore_result", ({ headers }) => readFlag(headers["ignore_result"], "ignore_result")],
  ["reply_to", ({ properties }) => readText(properties.replyTo, "reply_to")],
  ["correlation_id", ({ properties }) => readText(properties.correlationId, "correlation_id")],
  ["content_type", ({ contentType }) => readText(contentType, "content_type")],
  ["content_encoding", ({ contentEncoding }) => readText(contentEncoding, "content_encoding")],
  ["compression", textHeader("compression")],
  ["body_sha256", ({ body }) => createHash("sha256").update(body).digest("hex")],
];

/** Throws DecodeError `bad_signature` for a message with a header that has the wrong type. */
export function signingInput(message: SealableMessage, claims: SealClaims): Uint8Array {
  let lines = "celerity-seal-v1\n";
  for (const [name, read] of FIELDS) {
    const value = read(message, claims);
    lines += value === undefined ? `${name}=-\n` : `${name}=${Buffer.byteLength(value)}:${value}\n`;
  }
  return Buffer.from(lines);
}

/** Has the text bytes in UTF-8? Half of a surrogate pair has none, and would be signed as some other text. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function readText(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string" && isUnicode(value)) return value;
  throw wrongField(name, "a Unicode text");
}

function readCount(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return String(value);
  throw wrongField(name, "an integer from 0 to 2^53 - 1");
}

function readLimit(limits: unknown, at: 0 | 1): string | undefined {
  if (limits === undefined || limits === null) return undefined;
  if (!Array.isArray(limits) || limits.length !== 2) throw wrongField("timelimit", "a list of two");
  const limit: unknown = limits[at];
  if (limit === null) return undefined;
  if (typeof limit === "number" && limit >= 0 && limit <= MAX_LIMIT_SECONDS) {
    return String(Math.floor(limit * 1000 + 0.5));
  }
  throw wrongField("timelimit", `null or seconds from 0 to ${MAX_LIMIT_SECONDS} in both places`);
}

function readFlag(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return String(value);
  throw wrongField(name, "true, false or null");
}

function wrongField(name: string, wanted: string): DecodeError {
  return new DecodeError("bad_signature", `"${name}" cannot be sealed: it must be ${wanted}.`);
}

/**
 * Why a signature does not fit, as far as one can tell: most often because something between parsed the body and wrote it
 * again. The body is written the ways that senders write JSON; when one of them fits, that is what happened.
 */
import { DecodeError, parseJson, writePythonJson } from "../../protocol/index.ts";
import type { WebhookRequest } from "../../signing/index.ts";
import type { HookVerifier } from "./hook-verifier.ts";

/** Larger bodies are not tried: this is work for a stranger. */
const MAX_BYTES = 64 * 1024;
const MAX_DEPTH = 64;

/** How senders write JSON. */
const SPELLINGS: readonly ((value: unknown) => string)[] = [
  (value) => JSON.stringify(value),
  (value) => escapeNonAscii(JSON.stringify(value)),
  // PHP escapes slashes and what is not ASCII.
  (value) => escapeNonAscii(JSON.stringify(value)).replaceAll("/", "\\/"),
  // Python puts spaces, and escapes unless told otherwise.
  (value) => spaced(value),
  (value) => escapeNonAscii(spaced(value)),
  (value) => JSON.stringify(value, null, 2),
  (value) => `${JSON.stringify(value, null, 2)}\n`,
  // Integers of any size.
  (value) => writePythonJson(value, MAX_DEPTH),
];

/** A sentence for the log; undefined when another cause is as likely. */
export function reserialisedHint(verifier: HookVerifier, request: WebhookRequest): string | undefined {
  const { body } = request;
  if (body.byteLength > MAX_BYTES) return undefined;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  const value = readJson(text);
  if (value === undefined) return undefined;
  const isWrittenAgain = SPELLINGS.some((spell) => fits(verifier, request, () => spell(value)));
  return isWrittenAgain
    ? "The body was re-serialised on its way: the signature fits the same JSON written otherwise. Pass the bytes on as they came, before any body parser."
    : undefined;
}

function fits(verifier: HookVerifier, request: WebhookRequest, spell: () => string): boolean {
  try {
    verifier.verify({ ...request, body: Buffer.from(spell()) });
    return true;
  } catch {
    return false;
  }
}

function readJson(text: string): unknown {
  try {
    return parseJson(text, { maxDepth: MAX_DEPTH, revive: undefined, code: "bad_body" });
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function escapeNonAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** On one line, with a space after commas and colons. Line ends within strings are escapes. */
function spaced(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/,\n */g, ", ").replace(/\n */g, "");
}

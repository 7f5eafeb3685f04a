/** The seam for webhooks that come in: one verifier for each way of signing them. */
import { createHash } from "node:crypto";
import type { HttpHeaders } from "./http-message.ts";

/** What came in. */
export interface WebhookRequest {
  readonly headers: HttpHeaders;
  /** The body's bytes as they came; parsing and writing them again would change them. */
  readonly body: Uint8Array;
  /** The current time unless given. */
  readonly now?: Date;
}

/** What the signature vouches for. */
export interface VerifiedWebhook {
  /**
   * The same whenever the same webhook comes again, sent by its sender or by somebody who recorded it: take each id once.
   * It is always covered by the signature: the sender's id where that is, else a digest of what is.
   */
  readonly id: string;
  /** When the sender signed, if it says so. */
  readonly timestamp?: Date;
}

/**
 * `verify` throws DecodeError for whatever is wrong, with a code and a message for the log: `unsigned`, `bad_signature`,
 * `key_unknown`, `alg_refused` or `signature_expired`. The sender should get one and the same answer for all of them.
 */
export interface WebhookVerifier {
  verify(request: WebhookRequest): VerifiedWebhook;
}

/** An id for signed content that has none of its own. */
export function contentId(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return `sha256-${hash.digest("base64url")}`;
}

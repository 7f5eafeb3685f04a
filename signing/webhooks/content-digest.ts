/** Content-Digest (RFC 9530): a digest of the body as a header, so that a signature over headers covers the body. */
import { createHash } from "node:crypto";
import { DecodeError } from "../../protocol/index.ts";
import { isSame } from "./bytes.ts";
import type { HttpHeaders } from "./http-message.ts";
import { readByteSequences } from "./structured-fields.ts";

/** `sha-256=:…:` */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${digest(body).toString("base64")}:`;
}

/** Throws DecodeError unless Content-Digest has the SHA-256 of the body; digests of other kinds are passed over. */
export function checkContentDigest(headers: HttpHeaders, body: Uint8Array): void {
  const given = readByteSequences(headers, "content-digest").get("sha-256");
  if (given === undefined) throw new DecodeError("alg_refused", "Content-Digest has no sha-256.");
  if (!isSame(given, digest(body))) {
    throw new DecodeError("bad_signature", "Content-Digest is not the digest of the body.");
  }
}

function digest(body: Uint8Array): Buffer {
  return createHash("sha256").update(body).digest();
}

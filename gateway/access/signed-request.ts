/** Requests that are signed (RFC 9421) instead of carrying a secret: by a shared secret, or the caller's own Ed25519 key. */
import { createSecretKey, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { DecodeError } from "../../protocol/index.ts";
import {
  type HttpRequest,
  signatureKeyIds,
  type VerifiedHttpSignature,
  verifyHttp,
} from "../../signing/index.ts";
import type { StateStore } from "../state/state-store.ts";
import type { Credential } from "./credential.ts";
import { isKeyId } from "./key-text.ts";

/** Why a signature is not taken. */
export type SignatureRefusal = "bad-signature" | "stale-signature";

const NONCE_KIND = "signature-nonce";
/** Stands for a key that does not exist, so that this takes as long as a wrong signature. */
const NO_KEY = createSecretKey(randomBytes(32));

export function isSigned({ headers }: IncomingMessage): boolean {
  return headers["signature-input"] !== undefined && headers["signature"] !== undefined;
}

/** The name of the key that signed; undefined when that cannot be read, or cannot be an id of ours. */
export function keyIdOf({ headers }: IncomingMessage): string | undefined {
  try {
    const [id = ""] = signatureKeyIds(headers);
    return isKeyId(id) ? id : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** The request as its sender signed it: `publicOrigin`, or else the Host header, says what it was sent to. */
export function toSignedRequest(
  req: IncomingMessage,
  body: Uint8Array,
  publicOrigin: string | undefined,
): HttpRequest {
  const { method = "", headers } = req;
  const scheme = "encrypted" in req.socket ? "https" : "http";
  const origin = publicOrigin ?? `${scheme}://${headers.host}`;
  // Express takes the path that it is mounted at out of `url`.
  const { originalUrl } = req as { originalUrl?: unknown };
  const target = typeof originalUrl === "string" ? originalUrl : (req.url ?? "/");
  return { method, url: origin + target, headers, body };
}

/** undefined: the signature is right, and comes for the first time. */
export async function refusalOf(
  request: HttpRequest,
  keyid: string,
  credential: Credential | undefined,
  { unlisted }: StateStore,
): Promise<SignatureRefusal | undefined> {
  let verified: VerifiedHttpSignature;
  try {
    verified = verifyHttp(request, { keys: [{ keyid, key: credential?.signingKey ?? NO_KEY }] });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.code === "signature_expired" ? "stale-signature" : "bad-signature";
  }
  const { nonce, expires } = verified;
  const used = await unlisted.add(NONCE_KIND, `${keyid}:${nonce}`, "1", { expiresAtMs: expires.getTime() });
  return used === undefined ? undefined : "stale-signature";
}

/** The profile of RFC 9421 that is spoken here: what a signature covers, and how keys make and check it. */
import { createHmac, type KeyObject, sign, verify } from "node:crypto";
import { ConfigurationError } from "../../protocol/index.ts";
import { publicHalf } from "../keys/index.ts";
import { isSame } from "./bytes.ts";
import type { HttpMessage } from "./http-message.ts";
import type { SignatureComponent } from "./structured-fields.ts";
import type { TimedKey } from "./timed-keys.ts";

/** The application tag; signatures with others are for somebody else. */
export const SIGNATURE_TAG = "celery-gateway";

/** The longest time from `created` to `expires`. */
export const MAX_LIFETIME_SECONDS = 300;

/** What a nonce looks like. */
export const NONCE: RegExp = /^[A-Za-z0-9_-]{16,64}$/;

/** What a signature's name in the headers looks like: a key of a structured dictionary. */
export const LABEL: RegExp = /^[a-z][a-z0-9_.*-]{0,63}$/;

/** A key with the name that `keyid` gives it: an Ed25519 key, or a shared secret of 32 bytes or more. */
export interface HttpSignatureKey extends TimedKey {
  readonly keyid: string;
}

/** Algorithms by RFC 9421's names. */
type Algorithm = "ed25519" | "hmac-sha256";

const MIN_SECRET_BYTES = 32;
const PLAIN: SignatureComponent[1] = new Map();
const OF_REQUEST: SignatureComponent[1] = new Map([["req", true]]);

const REQUEST: readonly SignatureComponent[] = [
  ["@method", PLAIN],
  ["@target-uri", PLAIN],
  ["content-digest", PLAIN],
  ["content-type", PLAIN],
  ["webhook-id", PLAIN],
  ["webhook-timestamp", PLAIN],
];

const RESPONSE: readonly SignatureComponent[] = [
  ["@status", PLAIN],
  ["content-digest", PLAIN],
  ["@method", OF_REQUEST],
  ["@target-uri", OF_REQUEST],
];

/** What a signature of a request or a response covers at least. */
export function requiredComponents(kind: "request" | "response"): readonly SignatureComponent[] {
  return kind === "request" ? REQUEST : RESPONSE;
}

/** What the message is called in this profile. */
export function kindOf(message: HttpMessage): "request" | "response" {
  return "status" in message ? "response" : "request";
}

/** Whether the URL is absolute and written as `new URL(url).href` does: one text for one target. */
export function hasNormalUrl(message: HttpMessage): boolean {
  const { url } = "status" in message ? message.request : message;
  return URL.canParse(url) && new URL(url).href === url;
}

/** The one algorithm of a key; what a message says about it never counts. Throws ConfigurationError for other keys. */
export function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === "ed25519") return "ed25519";
  if ((key.symmetricKeySize ?? 0) >= MIN_SECRET_BYTES) return "hmac-sha256";
  throw new ConfigurationError(
    `HTTP signatures take Ed25519 keys and secrets of ${MIN_SECRET_BYTES} bytes or more, not ${key.asymmetricKeyType ?? `${key.symmetricKeySize} bytes`}.`,
  );
}

/** Signs a signature base. Throws ConfigurationError for a key that cannot. */
export function signBase(base: string, key: KeyObject): Buffer {
  const algorithm = algorithmOf(key);
  if (key.type === "public")
    throw new ConfigurationError("A public key only verifies; sign with the private one.");
  return algorithm === "ed25519" ? sign(null, Buffer.from(base), key) : hmac(base, key);
}

/** Whether the signature is the key's over this base. Throws ConfigurationError for a key of a wrong kind. */
export function isSignedBase(base: string, signature: Buffer, key: KeyObject): boolean {
  if (algorithmOf(key) === "hmac-sha256") return isSame(hmac(base, key), signature);
  return verify(null, Buffer.from(base), publicHalf(key), signature);
}

function hmac(base: string, key: KeyObject): Buffer {
  return createHmac("sha256", key).update(base).digest();
}

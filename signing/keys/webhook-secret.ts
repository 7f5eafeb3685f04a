/** The secrets of Standard Webhooks as text: `whsec_` shared, `whsk_` private and `whpk_` public, each with base64. */
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { ConfigurationError } from "../../protocol/index.ts";
import { generatePrivateKey } from "./generate.ts";
import { publicHalf, publicJwk } from "./thumbprint.ts";

const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const ED25519_BYTES = 32;
/** The PKCS#8 of an Ed25519 key (RFC 8410) is these bytes and the 32 of the key. */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** Reads one prefix's base64. */
const READERS: Readonly<Record<string, (bytes: Buffer) => KeyObject>> = {
  whsec_: readSharedSecret,
  whsk_: readPrivateKey,
  whpk_: readPublicKey,
};

/**
 * The key in a text such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`: a secret key of 24 to 64 bytes, or an Ed25519 key.
 * A `whsk_` holds the 32 bytes of the private key, alone or with the 32 of the public key after them. Throws
 * ConfigurationError, without the text in its message.
 */
export function parseWebhookSecret(text: string): KeyObject {
  const prefix = Object.keys(READERS).find((known) => text.startsWith(known));
  const read = READERS[prefix ?? ""];
  if (prefix === undefined || read === undefined) {
    throw new ConfigurationError("A webhook secret starts with whsec_, whsk_ or whpk_.");
  }
  const base64 = text.slice(prefix.length).trimEnd();
  const bytes = Buffer.from(base64, "base64");
  // Buffer skips what is not base64; some write the secret without padding.
  if (withoutPadding(bytes.toString("base64")) !== withoutPadding(base64)) {
    throw new ConfigurationError(`A webhook secret is base64 after ${prefix}.`);
  }
  return read(bytes);
}

/** A new `whsec_` secret of 256 bits. */
export function generateWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** A new Ed25519 key: `whsk_` for the sender and `whpk_` for the receivers. */
export function generateWebhookKeyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const key = generatePrivateKey("ed25519");
  const seed = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
  return {
    privateKey: `whsk_${Buffer.concat([seed, rawPublicKey(key)]).toString("base64")}`,
    publicKey: toWebhookPublicKey(key),
  };
}

/** An Ed25519 key's public half as `whpk_`. */
export function toWebhookPublicKey(key: KeyObject): string {
  return `whpk_${rawPublicKey(key).toString("base64")}`;
}

function withoutPadding(base64: string): string {
  return base64.replace(/={1,2}$/, "");
}

function readSharedSecret(bytes: Buffer): KeyObject {
  if (bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES) return createSecretKey(bytes);
  throw new ConfigurationError(
    `A whsec_ secret has ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes, not ${bytes.length}.`,
  );
}

function readPrivateKey(bytes: Buffer): KeyObject {
  const seed = bytes.subarray(0, ED25519_BYTES);
  const rest = bytes.subarray(ED25519_BYTES);
  if (seed.length < ED25519_BYTES || (rest.length !== 0 && rest.length !== ED25519_BYTES)) {
    throw new ConfigurationError(`A whsk_ key has 32 or 64 bytes, not ${bytes.length}.`);
  }
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, seed]), format: "der", type: "pkcs8" });
  if (rest.length > 0 && !rawPublicKey(key).equals(rest)) {
    throw new ConfigurationError("The second half of the whsk_ key is not the public key of its first half.");
  }
  return key;
}

function readPublicKey(bytes: Buffer): KeyObject {
  if (bytes.length !== ED25519_BYTES) {
    throw new ConfigurationError(`A whpk_ key has 32 bytes, not ${bytes.length}.`);
  }
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") },
    format: "jwk",
  });
}

function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(publicJwk(publicHalf(key)).x ?? "", "base64url");
}

/** New keys, and their PEM. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { ConfigurationError } from "../../protocol/index.ts";
import { publicHalf } from "./thumbprint.ts";

/** ed25519 for sealed headers and HTTP signatures, rsa for Celery's `auth` serializer. */
export type KeyType = "ed25519" | "rsa";

/** What Celery's `auth` and its peers accept; 1024 can be broken. */
export const RSA_BITS: readonly number[] = [2048, 3072, 4096];

/** A new private key. `rsaBits` is one of {@link RSA_BITS}, 3072 unless given. Throws ConfigurationError. */
export function generatePrivateKey(type: KeyType, rsaBits = 3072): KeyObject {
  if (type === "ed25519") return generateKeyPairSync("ed25519").privateKey;
  if (!RSA_BITS.includes(rsaBits)) {
    throw new ConfigurationError(`An RSA key has ${RSA_BITS.join(", ")} bits, not ${rsaBits}.`);
  }
  return generateKeyPairSync("rsa", { modulusLength: rsaBits }).privateKey;
}

/**
 * PKCS#8 PEM of a private key, encrypted with AES-256 when there is a password. OpenSSL's PBKDF2 takes only 2048 rounds
 * there: the password has to be long.
 */
export function privatePem(key: KeyObject, password?: string): string {
  return key.export({
    type: "pkcs8",
    format: "pem",
    ...(password === undefined ? {} : { cipher: "aes-256-cbc", passphrase: password }),
  }) as string; // `pem` gives text; the types leave that open.
}

/** SPKI PEM of a public key, or of the public half of a private one. */
export function publicPem(key: KeyObject): string {
  return publicHalf(key).export({ type: "spki", format: "pem" }) as string; // As above.
}

/** Key ids: the RFC 7638 thumbprint of a public key. */
import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { ConfigurationError } from "../../protocol/index.ts";

/** The members that RFC 7638 §3.2 and RFC 8037 §2 hash, in the order that they ask for. */
const REQUIRED_MEMBERS: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
};

/**
 * SHA-256 of the key's JWK as 43 characters of base64url; a private key has the thumbprint of its public half.
 * Throws ConfigurationError for a secret key, whose thumbprint would tell something about it.
 */
export function thumbprint(key: KeyObject): string {
  const jwk = publicJwk(key);
  const members = REQUIRED_MEMBERS[jwk.kty ?? ""] ?? [];
  const hashed = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash("sha256").update(hashed).digest("base64url");
}

/** The public key as a JWK of nothing but its numbers. Throws ConfigurationError for a type that JWK does not have. */
export function publicJwk(key: KeyObject): JsonWebKey {
  const publicKey = publicHalf(key);
  try {
    return publicKey.export({ format: "jwk" });
  } catch (error) {
    throw new ConfigurationError(
      `A key of type ${publicKey.asymmetricKeyType} has no JWK and no key id; use ed25519 or rsa.`,
      { cause: error },
    );
  }
}

/** The public key of a private one; a public key is itself. Throws ConfigurationError for a secret key. */
export function publicHalf(key: KeyObject): KeyObject {
  if (key.type === "secret") throw new ConfigurationError("A shared secret has no public key and no key id.");
  return key.type === "private" ? createPublicKey(key) : key;
}

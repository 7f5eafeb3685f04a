/** Public keys as a JSON Web Key Set (RFC 7517), the document at /.well-known/jwks.json. */
import type { JsonWebKey, KeyObject } from "node:crypto";
import { publicJwk, thumbprint } from "./thumbprint.ts";

/** A public JWK with its key id. */
export interface PublicJwk extends JsonWebKey {
  readonly kid: string;
  readonly use: "sig";
}

/** A JSON Web Key Set. */
export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

/** The public half of a key as a JWK; its `kid` is the thumbprint. Throws ConfigurationError for a secret key. */
export function toJwk(key: KeyObject): PublicJwk {
  return { ...publicJwk(key), kid: thumbprint(key), use: "sig" };
}

/** The public halves of the keys, in their order. */
export function toJwks(keys: Iterable<KeyObject>): Jwks {
  return { keys: [...keys].map(toJwk) };
}

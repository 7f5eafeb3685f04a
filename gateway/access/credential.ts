/** Credentials as they are kept in the state, and as requests are checked against them. */
import { type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import { parseWebhookSecret } from "../../signing/index.ts";
import type { Caller } from "./caller.ts";
import { digestOf } from "./key-text.ts";
import { type Policy, toCaller } from "./policy.ts";
import type { Tenants } from "./tenants.ts";

/** How callers show who they are. */
export type Proof = "key" | "certificate" | "hmac" | "ed25519";

/** One credential in the state: JSON under its id. Of a key there is only the digest. */
export interface CredentialRecord {
  readonly id: string;
  readonly name: string;
  readonly proof: Proof;
  /** SHA-256 of the key's text, hexadecimal. */
  readonly digest?: string;
  /** `whsec_...` that both sides sign with, or the caller's `whpk_...`. */
  readonly signingKey?: string;
  /** SHA-256 of the client certificate, base64url. */
  readonly thumbprint?: string;
  readonly policy: Policy;
  /** Milliseconds since 1970, as are the others. */
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  readonly revokedAtMs?: number;
}

/** A credential in use. */
export interface Credential {
  readonly caller: Caller;
  readonly proof: Proof;
  readonly digest: Buffer;
  readonly signingKey: KeyObject | undefined;
  readonly thumbprint: string | undefined;
  readonly expiresAtMs: number;
}

/** Compared with when there is no credential, so that this takes as long as a wrong one. */
export const NO_DIGEST: Buffer = randomBytes(32);

/** undefined for one that was revoked. */
export function toCredential(record: CredentialRecord, tenants: Tenants): Credential | undefined {
  if (record.revokedAtMs !== undefined) return undefined;
  const { id, proof, digest, signingKey, thumbprint, policy, expiresAtMs } = record;
  const caller = toCaller(id, policy, tenants);
  return {
    caller: expiresAtMs === undefined ? caller : { ...caller, expiresAtMs },
    proof,
    digest: digest === undefined ? NO_DIGEST : Buffer.from(digest, "hex"),
    signingKey: signingKey === undefined ? undefined : parseWebhookSecret(signingKey),
    thumbprint,
    expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
  };
}

/** Compares digests, which have one length, in constant time. */
export function isSecret(text: string, digest: Buffer): boolean {
  return timingSafeEqual(digestOf(text), digest);
}

/** Whether it still counts, and the request comes over the connection that it is bound to. */
export function isUsable(
  { thumbprint, expiresAtMs }: Credential,
  connection: { readonly thumbprint: string | undefined },
  nowMs: number,
): boolean {
  return nowMs < expiresAtMs && (thumbprint === undefined || thumbprint === connection.thumbprint);
}

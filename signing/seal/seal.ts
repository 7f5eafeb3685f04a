/** Sealing a message, and verifying a sealed one. Format: docs/sealed-headers.md. */
import { type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { DecodeError, EncodeError, parseIsoTime, toError } from "../../protocol/index.ts";
import { MAX_SEAL_BYTES, readSeal, SEAL_HEADER, type SealClaims, writeSeal, wrongClaim } from "./header.ts";
import type { SealKey } from "./keys.ts";
import { type SealableMessage, signingInput } from "./signing-input.ts";

export interface SealOptions {
  readonly key: SealKey;
  /** The fleet it is for; undefined for any. */
  readonly audience?: string | undefined;
  /** The queue it is sent to; undefined when an exchange decides. */
  readonly queue?: string | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export interface VerifyOptions {
  /** Ed25519 public keys by key id. */
  readonly trustedKeys: ReadonlyMap<string, KeyObject>;
  readonly audience?: string | undefined;
  /** The queue that the message was read from. */
  readonly queue: string;
  readonly maxAgeSeconds: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Random bytes of a nonce: 22 characters. */
const NONCE_BYTES = 16;
/** How far a signer's clock may be ahead. */
export const MAX_CLOCK_SKEW_MS = 300_000;

/** The value of the header for a message. Throws EncodeError for one that cannot be sealed. */
export function sealMessage(message: SealableMessage, { key, audience, queue, nowMs }: SealOptions): string {
  const claims: SealClaims = {
    kid: key.kid,
    iat: nowMs,
    nonce: randomBytes(NONCE_BYTES).toString("base64url"),
    ...(audience === undefined ? {} : { aud: audience }),
    ...(queue === undefined ? {} : { queue }),
  };
  const wrong = wrongClaim({ ...claims });
  if (wrong !== undefined)
    throw new EncodeError(`The message cannot be sealed: its "${wrong}" does not fit.`);
  const value = writeSeal({ claims, signature: sign(null, inputFor(message, claims), key.privateKey) });
  if (value.length <= MAX_SEAL_BYTES) return value;
  throw new EncodeError(
    `The seal has ${value.length} bytes, and ${MAX_SEAL_BYTES} are allowed: shorten the names of queue and audience.`,
  );
}

function inputFor(message: SealableMessage, claims: SealClaims): Uint8Array {
  try {
    return signingInput(message, claims);
  } catch (error) {
    throw new EncodeError(toError(error).message, { cause: error });
  }
}

/**
 * Checks everything but the nonce, in the format's order. Throws DecodeError `unsigned`, `bad_signature`, `key_unknown`,
 * `signature_expired` or `wrong_audience`; looks at no byte of the body beyond its digest.
 */
export function verifySeal(message: SealableMessage, options: VerifyOptions): SealClaims {
  const { claims, signature } = readSeal(message.headers[SEAL_HEADER]);
  const key = options.trustedKeys.get(claims.kid);
  if (key === undefined) {
    throw new DecodeError(
      "key_unknown",
      `The message is sealed with the key ${JSON.stringify(claims.kid)}, which is not among the trusted ones.`,
    );
  }
  if (!verify(null, signingInput(message, claims), key, signature)) {
    throw new DecodeError(
      "bad_signature",
      "The seal does not belong to this message: something of it was changed.",
    );
  }
  requireFresh(message, claims, options);
  requireAudience(claims, options);
  return claims;
}

/** When a seal stops to count: its maximum age after it was made, or after the message's ETA. Milliseconds since 1970. */
export function sealExpiresAtMs(message: SealableMessage, claims: SealClaims, maxAgeSeconds: number): number {
  return Math.max(claims.iat, etaMs(message) ?? 0) + maxAgeSeconds * 1000;
}

function requireFresh(
  message: SealableMessage,
  claims: SealClaims,
  { maxAgeSeconds, nowMs }: VerifyOptions,
): void {
  if (claims.iat > nowMs + MAX_CLOCK_SKEW_MS) {
    throw new DecodeError(
      "signature_expired",
      `The message was sealed at ${claims.iat}, which is in the future; compare the clocks.`,
    );
  }
  if (sealExpiresAtMs(message, claims, maxAgeSeconds) < nowMs) {
    throw new DecodeError(
      "signature_expired",
      `The message was sealed at ${claims.iat}, more than ${maxAgeSeconds} s ago.`,
    );
  }
}

/** An ETA that cannot be read is refused with the rest of the message, after its seal. */
function etaMs({ headers: { eta } }: SealableMessage): number | undefined {
  if (typeof eta !== "string" || eta === "") return undefined;
  try {
    return parseIsoTime(eta, "eta");
  } catch {
    return undefined;
  }
}

function requireAudience({ aud, queue }: SealClaims, options: VerifyOptions): void {
  if (aud !== options.audience) {
    throw new DecodeError(
      "wrong_audience",
      `The message is sealed for ${shown("audience", aud)}; here it must be ${shown("audience", options.audience)}.`,
    );
  }
  if (queue !== undefined && queue !== options.queue) {
    throw new DecodeError(
      "wrong_audience",
      `The message is sealed for ${shown("queue", queue)}, and was read from another.`,
    );
  }
}

function shown(what: string, name: string | undefined): string {
  return name === undefined ? `no ${what}` : `the ${what} ${JSON.stringify(name)}`;
}

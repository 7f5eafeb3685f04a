/** Verifying requests and responses that are signed after RFC 9421, in the profile of http-signature-profile.ts. */
import { DecodeError, EncodeError } from "../../protocol/index.ts";
import { checkContentDigest } from "./content-digest.ts";
import type { HttpHeaders, HttpMessage } from "./http-message.ts";
import {
  algorithmOf,
  type HttpSignatureKey,
  hasNormalUrl,
  isSignedBase,
  kindOf,
  MAX_LIFETIME_SECONDS,
  NONCE,
  requiredComponents,
  SIGNATURE_TAG,
} from "./http-signature-profile.ts";
import { signatureBase } from "./signature-base.ts";
import {
  type CoveredComponents,
  readByteSequences,
  readCovered,
  writeComponent,
} from "./structured-fields.ts";
import { validKeys } from "./timed-keys.ts";
import { toSeconds } from "./timestamps.ts";

/** Whom to believe, and when. */
export interface VerifyHttpOptions {
  readonly keys: readonly HttpSignatureKey[];
  /** The current time unless given. */
  readonly now?: Date;
  /** How far the signer's clock may be ahead; 60 unless given. */
  readonly skewSeconds?: number;
  /** What the nonce has to be: the one that was asked for by Accept-Signature. */
  readonly nonce?: string;
}

/** What the signature vouches for beside the components. */
export interface VerifiedHttpSignature {
  readonly keyid: string;
  /** Take each nonce of a key once until `expires`. */
  readonly nonce: string;
  readonly created: Date;
  readonly expires: Date;
}

/**
 * Verifies the message's signatures of our tag until one is right. Throws DecodeError for whatever is wrong: `unsigned`,
 * `bad_signature`, `key_unknown`, `alg_refused` or `signature_expired`; the sender should get one answer for all of them.
 * A trusted key of a wrong kind is a ConfigurationError.
 */
export function verifyHttp(message: HttpMessage, options: VerifyHttpOptions): VerifiedHttpSignature {
  const inputs = readCovered(message.headers, "signature-input");
  const signatures = readByteSequences(message.headers, "signature");
  let failure = new DecodeError("unsigned", `The message has no signature with the tag ${SIGNATURE_TAG}.`);
  for (const [label, covered] of inputs) {
    const signature = signatures.get(label);
    if (covered.parameters.get("tag") !== SIGNATURE_TAG || signature === undefined) continue;
    try {
      const verified = verifyOne(message, covered, signature, options);
      checkContentDigest(message.headers, message.body);
      return verified;
    } catch (error) {
      failure = asDecodeError(error);
    }
  }
  throw failure;
}

/**
 * The names of the keys that signed with our tag, as far as the message says them: for those who look keys up. Throws
 * DecodeError like verifyHttp; nothing of it is verified.
 */
export function signatureKeyIds(headers: HttpHeaders): readonly string[] {
  return [...readCovered(headers, "signature-input").values()].flatMap(({ parameters }) => {
    const keyid = parameters.get("keyid");
    return parameters.get("tag") === SIGNATURE_TAG && typeof keyid === "string" ? [keyid] : [];
  });
}

function verifyOne(
  message: HttpMessage,
  covered: CoveredComponents,
  signature: Buffer,
  { keys, now = new Date(), skewSeconds = 60, nonce }: VerifyHttpOptions,
): VerifiedHttpSignature {
  checkCoverage(message, covered);
  const verified = readClaims(covered);
  if (nonce !== undefined && verified.nonce !== nonce) {
    throw new DecodeError("bad_signature", "The signature's nonce is not the one that was asked for.");
  }
  checkTimes(verified, now, skewSeconds);
  const { key } = findKey(keys, verified.keyid, now);
  const alg = covered.parameters.get("alg");
  if (alg !== undefined && alg !== algorithmOf(key)) {
    throw new DecodeError(
      "alg_refused",
      `The key ${verified.keyid} is not for the algorithm that the signature names.`,
    );
  }
  if (isSignedBase(signatureBase(message, covered), signature, key)) return verified;
  throw new DecodeError("bad_signature", "The signature does not fit the message.");
}

function checkCoverage(message: HttpMessage, { components }: CoveredComponents): void {
  const covered = components.map(writeComponent);
  const missing = requiredComponents(kindOf(message))
    .map(writeComponent)
    .filter((component) => !covered.includes(component));
  if (missing.length > 0) {
    throw new DecodeError("bad_signature", `The signature does not cover ${missing.join(" ")}.`);
  }
  if (!hasNormalUrl(message)) {
    throw new DecodeError("bad_signature", "The message's URL is not absolute, or not in its normal form.");
  }
}

function readClaims({ parameters }: CoveredComponents): VerifiedHttpSignature {
  const [keyid, nonce] = [parameters.get("keyid"), parameters.get("nonce")];
  const [created, expires] = [parameters.get("created"), parameters.get("expires")];
  if (typeof keyid !== "string") throw new DecodeError("bad_signature", "The signature has no keyid.");
  if (typeof nonce !== "string" || !NONCE.test(nonce)) {
    throw new DecodeError(
      "bad_signature",
      "The signature's nonce has not 16 to 64 characters of A-Za-z0-9_-.",
    );
  }
  if (!isSeconds(created) || !isSeconds(expires)) {
    throw new DecodeError("bad_signature", "The signature's created and expires are not both whole seconds.");
  }
  return { keyid, nonce, created: new Date(created * 1000), expires: new Date(expires * 1000) };
}

/** Every condition is one that holds, so that a clock or an option that is no number refuses. */
function checkTimes({ created, expires }: VerifiedHttpSignature, now: Date, skewSeconds: number): void {
  const lifetimeSeconds = toSeconds(expires) - toSeconds(created);
  if (lifetimeSeconds <= 0 || lifetimeSeconds > MAX_LIFETIME_SECONDS) {
    throw new DecodeError(
      "signature_expired",
      `The signature is valid for ${lifetimeSeconds} s; up to ${MAX_LIFETIME_SECONDS} are allowed.`,
    );
  }
  if (!(expires > now)) throw new DecodeError("signature_expired", "The signature has expired.");
  if (!(created.getTime() <= now.getTime() + skewSeconds * 1000)) {
    throw new DecodeError(
      "signature_expired",
      `The signature is from more than ${skewSeconds} s in the future.`,
    );
  }
}

function findKey(keys: readonly HttpSignatureKey[], keyid: string, now: Date): HttpSignatureKey {
  const found = validKeys(keys, now).find((key) => key.keyid === keyid);
  if (found !== undefined) return found;
  throw new DecodeError("key_unknown", "The signature is of a key that is not known, or not valid now.");
}

/** What cannot be signed cannot have been signed either. Any other error is ours and goes on. */
function asDecodeError(error: unknown): DecodeError {
  if (error instanceof DecodeError) return error;
  if (error instanceof EncodeError) return new DecodeError("bad_signature", error.message, { cause: error });
  throw error;
}

/** Dates end at 8.64e12 s; the year 33658 is far enough. */
function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 1e12;
}

/** Signing requests and responses after RFC 9421, in the profile of http-signature-profile.ts. */
import { randomBytes } from "node:crypto";
import { ConfigurationError, EncodeError } from "../../protocol/index.ts";
import { contentDigest } from "./content-digest.ts";
import { type HttpMessage, headerValues } from "./http-message.ts";
import {
  type HttpSignatureKey,
  hasNormalUrl,
  kindOf,
  LABEL,
  MAX_LIFETIME_SECONDS,
  NONCE,
  requiredComponents,
  SIGNATURE_TAG,
  signBase,
} from "./http-signature-profile.ts";
import { signatureBase } from "./signature-base.ts";
import { writeCovered } from "./structured-fields.ts";
import { toSeconds } from "./timestamps.ts";

/** How to sign. */
export interface SignHttpOptions {
  readonly key: HttpSignatureKey;
  /** Now unless given. */
  readonly created?: Date;
  /** Up to 300, which is the default. */
  readonly lifetimeSeconds?: number;
  /** Random unless given; 16 to 64 characters of `A-Za-z0-9_-`. */
  readonly nonce?: string;
  /** The signature's name in the headers: `celery`, or the one that Accept-Signature asked for. */
  readonly label?: string;
}

/** The headers to add to the message. */
export interface HttpSignatureHeaders extends Readonly<Record<string, string>> {
  readonly "content-digest": string;
  readonly "signature-input": string;
  readonly signature: string;
}

/**
 * Signs a message, whose URL has to be the one that is sent, as `new URL(url).href` writes it. A request needs the
 * headers `content-type`, `webhook-id` and `webhook-timestamp`. Throws EncodeError for a message that cannot be signed,
 * ConfigurationError for a key that cannot sign.
 */
export function signHttp(message: HttpMessage, options: SignHttpOptions): HttpSignatureHeaders {
  const { key, created = new Date(), lifetimeSeconds = MAX_LIFETIME_SECONDS, label = "celery" } = options;
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > MAX_LIFETIME_SECONDS) {
    throw new ConfigurationError(`lifetimeSeconds is a whole number from 1 to ${MAX_LIFETIME_SECONDS}.`);
  }
  const nonce = options.nonce ?? randomBytes(16).toString("base64url");
  checkSignable(message, nonce, label);
  const digest = contentDigest(message.body);
  const covered = {
    components: requiredComponents(kindOf(message)),
    parameters: new Map<string, string | number>([
      ["created", toSeconds(created)],
      ["expires", toSeconds(created) + lifetimeSeconds],
      ["nonce", nonce],
      ["keyid", key.keyid],
      ["tag", SIGNATURE_TAG],
    ]),
  };
  const signed = { ...message, headers: { ...message.headers, "content-digest": digest } };
  const signature = signBase(signatureBase(signed, covered), key.key).toString("base64");
  return {
    "content-digest": digest,
    "signature-input": `${label}=${writeCovered(covered)}`,
    signature: `${label}=:${signature}:`,
  };
}

function checkSignable(message: HttpMessage, nonce: string, label: string): void {
  if (!NONCE.test(nonce) || !LABEL.test(label)) {
    throw new EncodeError(
      "The nonce has 16 to 64 characters of A-Za-z0-9_-, the label 1 to 64 of a-z0-9_-.*",
    );
  }
  if (!hasNormalUrl(message)) {
    throw new EncodeError("The URL is absolute and in the form of new URL(url).href; write it so.");
  }
  for (const header of ["content-digest", "signature-input", "signature"]) {
    if (headerValues(message.headers, header).length > 0) {
      throw new EncodeError(`The message has a ${header} header, which signing would replace; remove it.`);
    }
  }
}

/**
 * Standard Webhooks 1.0: HMAC-SHA256 (`v1`) and Ed25519 (`v1a`) signatures over `id.timestamp.body`, in bytes.
 * Source: spec/standard-webhooks.md of the standard-webhooks repository.
 */
import { createHmac, type KeyObject, sign, verify } from "node:crypto";
import { ConfigurationError, DecodeError, EncodeError } from "../../protocol/index.ts";
import { publicHalf } from "../keys/index.ts";
import { fromBase64, isSame } from "./bytes.ts";
import { requiredHeader } from "./http-message.ts";
import { type TimedKey, type TimedSecret, validKeys, verifyingKeys, webhookKeys } from "./timed-keys.ts";
import { DEFAULT_TOLERANCE_SECONDS, readTimestamp, toSeconds } from "./timestamps.ts";
import type { WebhookVerifier } from "./verifier.ts";

/** The three headers that go with a webhook. */
export interface StandardWebhookHeaders extends Readonly<Record<string, string>> {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

/** What is signed beside the body, and with what. */
export interface SignWebhookOptions {
  /** The same for every attempt to deliver one webhook. Without a dot, which separates it from the timestamp. */
  readonly id: string;
  /** `whsec_` or `whsk_`; all that are valid at the timestamp sign, so that receivers can change theirs at leisure. */
  readonly secrets: readonly (string | TimedSecret)[];
  /** When this attempt is made; now unless given. */
  readonly timestamp?: Date;
}

/** How to verify. */
export interface StandardWebhooksOptions {
  /** `whsec_` or `whpk_`; a signature of any that is valid now will do. */
  readonly secrets: readonly (string | TimedSecret)[];
  readonly toleranceSeconds?: number;
}

const MAX_SIGNATURES = 16;
/** Visible ASCII but the dot: with one, another cut between id and timestamp would have the same signature. */
const ID = /^[!-\-/-~]{1,255}$/;

/** The headers that sign a body. Throws EncodeError for a wrong id, ConfigurationError for wrong secrets. */
export function signWebhook(
  body: Uint8Array,
  { id, secrets, timestamp = new Date() }: SignWebhookOptions,
): StandardWebhookHeaders {
  if (!ID.test(id)) {
    throw new EncodeError("A webhook's id has 1 to 255 characters of visible ASCII, and no dot.");
  }
  const keys = validKeys(webhookKeys(secrets), timestamp);
  if (keys.length === 0) {
    throw new ConfigurationError(`No webhook secret is valid at ${timestamp.toISOString()}; add one.`);
  }
  const seconds = String(toSeconds(timestamp));
  const content = signedContent(id, seconds, body);
  return {
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": keys.map(({ key }) => signatureOf(content, key)).join(" "),
  };
}

/** Verifies `webhook-id`, `webhook-timestamp` and `webhook-signature`. Throws ConfigurationError for wrong secrets. */
export function standardWebhooksVerifier(options: StandardWebhooksOptions): WebhookVerifier {
  const { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = options;
  const keys: TimedKey[] = webhookKeys(options.secrets);
  return {
    verify({ headers, body, now = new Date() }) {
      const id = requiredHeader(headers, "webhook-id");
      if (!ID.test(id)) throw new DecodeError("bad_signature", "The header webhook-id is no id.");
      const seconds = requiredHeader(headers, "webhook-timestamp");
      const timestamp = readTimestamp(seconds, now, toleranceSeconds);
      const signatures = readSignatures(requiredHeader(headers, "webhook-signature"));
      const content = signedContent(id, seconds, body);
      checkSignatures(
        content,
        signatures,
        verifyingKeys(keys, now).map(({ key }) => key),
      );
      return { id, timestamp };
    },
  };
}

interface Signature {
  readonly version: string;
  readonly bytes: Buffer;
}

/** Signatures of unknown versions are passed over, as the specification asks. */
function readSignatures(header: string): Signature[] {
  const items = header.split(" ");
  if (items.length > MAX_SIGNATURES) {
    throw new DecodeError("bad_signature", `webhook-signature has more than ${MAX_SIGNATURES} signatures.`);
  }
  return items.flatMap((item) => {
    const [version = "", base64 = ""] = item.split(",", 2);
    const bytes = fromBase64(base64);
    return bytes === undefined ? [] : { version, bytes };
  });
}

function checkSignatures(
  content: Buffer,
  signatures: readonly Signature[],
  keys: readonly KeyObject[],
): void {
  const versions = new Set(keys.map(versionOf));
  const known = signatures.filter(({ version }) => versions.has(version));
  if (known.length === 0) {
    throw new DecodeError(
      "alg_refused",
      `webhook-signature has no signature of ${[...versions].join(" or ")}.`,
    );
  }
  const isSigned = keys.some((key) =>
    known.some(({ version, bytes }) => version === versionOf(key) && isSignatureOf(content, bytes, key)),
  );
  if (!isSigned)
    throw new DecodeError("bad_signature", "No signature in webhook-signature fits the webhook.");
}

function signatureOf(content: Buffer, key: KeyObject): string {
  if (key.type === "public") {
    throw new ConfigurationError("A whpk_ key only verifies; sign with whsk_ or whsec_.");
  }
  const bytes = key.type === "secret" ? hmac(content, key) : sign(null, content, key);
  return `${versionOf(key)},${bytes.toString("base64")}`;
}

function isSignatureOf(content: Buffer, bytes: Buffer, key: KeyObject): boolean {
  if (key.type === "secret") return isSame(hmac(content, key), bytes);
  return verify(null, content, publicHalf(key), bytes);
}

function versionOf(key: KeyObject): string {
  return key.type === "secret" ? "v1" : "v1a";
}

function hmac(content: Buffer, key: KeyObject): Buffer {
  return createHmac("sha256", key).update(content).digest();
}

function signedContent(id: string, seconds: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${seconds}.`), body]);
}

/** Keys that are valid for a time, so that a new one can be added before the old one goes. */
import { createSecretKey, type KeyObject } from "node:crypto";
import { ConfigurationError, DecodeError } from "../../protocol/index.ts";
import { parseWebhookSecret } from "../keys/index.ts";

/** A key and when it may be used; always, without the times. */
export interface TimedKey {
  readonly key: KeyObject;
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

/** A secret as text, with the same times. */
export interface TimedSecret {
  readonly secret: string;
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

/** Each key may cost a computation for each message. */
const MAX_KEYS = 8;

/** Keys of Standard Webhooks: `whsec_`, `whsk_` or `whpk_`. Throws ConfigurationError. */
export function webhookKeys(secrets: readonly (string | TimedSecret)[]): TimedKey[] {
  return toKeys(secrets, parseWebhookSecret);
}

/** Shared secrets whose characters are the key, as at GitHub, Stripe and Slack. Throws ConfigurationError. */
export function sharedSecrets(secrets: readonly (string | TimedSecret)[]): TimedKey[] {
  return toKeys(secrets, (secret) => {
    if (secret === "") throw new ConfigurationError("A webhook secret is empty.");
    return createSecretKey(secret, "utf8");
  });
}

/** The keys whose time it is. */
export function validKeys<K extends TimedKey>(keys: readonly K[], now: Date): K[] {
  return keys.filter(
    ({ validFrom, validUntil }) =>
      (validFrom === undefined || validFrom <= now) && (validUntil === undefined || now < validUntil),
  );
}

/** The keys that verify now. Throws DecodeError when none does. */
export function verifyingKeys<K extends TimedKey>(keys: readonly K[], now: Date): K[] {
  const valid = validKeys(keys, now);
  if (valid.length > 0) return valid;
  throw new DecodeError("key_unknown", `No key of the receiver is valid at ${now.toISOString()}.`);
}

function toKeys(
  secrets: readonly (string | TimedSecret)[],
  parse: (secret: string) => KeyObject,
): TimedKey[] {
  if (secrets.length === 0 || secrets.length > MAX_KEYS) {
    throw new ConfigurationError(`A webhook takes 1 to ${MAX_KEYS} secrets, not ${secrets.length}.`);
  }
  return secrets.map((item) => {
    if (typeof item === "string") return { key: parse(item) };
    const { secret, ...times } = item;
    return { key: parse(secret), ...times };
  });
}

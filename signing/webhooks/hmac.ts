/** Webhooks signed by HMAC with a shared secret in a header: the general case, and what the vendors' formats share. */
import { createHmac } from "node:crypto";
import { DecodeError, isPlainObject } from "../../protocol/index.ts";
import { fromBase64, fromHex, isSame } from "./bytes.ts";
import { type HttpHeaders, requiredHeader } from "./http-message.ts";
import { sharedSecrets, type TimedSecret, verifyingKeys } from "./timed-keys.ts";
import { DEFAULT_TOLERANCE_SECONDS, readTimestamp } from "./timestamps.ts";
import { contentId, type WebhookVerifier } from "./verifier.ts";

/** Hash functions that may be used; SHA-1 and MD5 are not among them. */
export type HmacAlgorithm = "sha256" | "sha512";

/** What every shared-secret verifier takes. */
export interface SharedSecretOptions {
  /** The secret, or during a change the old and the new one. */
  readonly secrets: readonly (string | TimedSecret)[];
  /** 300 unless given. */
  readonly toleranceSeconds?: number;
}

/** A format of one's own. */
export interface HmacOptions extends SharedSecretOptions {
  /** The header with the signature. */
  readonly header: string;
  /** sha256 unless given. */
  readonly algorithm?: HmacAlgorithm;
  /** hex unless given. */
  readonly encoding?: "hex" | "base64";
  /** What stands before the signature in the header, such as `sha256=`. */
  readonly prefix?: string;
  /**
   * A header with the time in seconds since 1970, which is signed as well: timestamp, separator (a dot unless given), body.
   * Without it the body alone is signed, and only the id tells a recorded webhook from a new one.
   */
  readonly timestamp?: { readonly header: string; readonly separator?: string };
}

/** What a format finds in the headers. */
export interface HmacClaim {
  /** Any of them may fit. */
  readonly signatures: readonly (Buffer | undefined)[];
  /** What is signed before the body. */
  readonly signedPrefix: string;
  /** Seconds since 1970. */
  readonly timestamp?: string;
}

/** One way of signing by HMAC. */
export interface HmacFormat {
  readonly algorithm: HmacAlgorithm;
  /** Throws DecodeError. */
  readClaim(headers: HttpHeaders): HmacClaim;
  /** The sender's own id, from the verified body; without one the id is a digest of what is signed. */
  readId?(body: Uint8Array): string | undefined;
}

/** A verifier of a format. Throws ConfigurationError for wrong secrets. */
export function formatVerifier(
  format: HmacFormat,
  { secrets, toleranceSeconds = DEFAULT_TOLERANCE_SECONDS }: SharedSecretOptions,
): WebhookVerifier {
  const keys = sharedSecrets(secrets);
  return {
    verify({ headers, body, now = new Date() }) {
      const { signatures, signedPrefix, timestamp: seconds } = format.readClaim(headers);
      const timestamp = seconds === undefined ? undefined : readTimestamp(seconds, now, toleranceSeconds);
      const isSigned = verifyingKeys(keys, now).some(({ key }) => {
        const expected = createHmac(format.algorithm, key).update(signedPrefix).update(body).digest();
        return signatures.some((signature) => signature !== undefined && isSame(expected, signature));
      });
      if (!isSigned) throw new DecodeError("bad_signature", "The signature does not fit the webhook.");
      const id = format.readId?.(body) ?? contentId(signedPrefix, body);
      return timestamp === undefined ? { id } : { id, timestamp };
    },
  };
}

/** Verifies a format that the options describe. Throws ConfigurationError for wrong secrets. */
export function hmacVerifier(options: HmacOptions): WebhookVerifier {
  const { header, algorithm = "sha256", encoding = "hex", prefix = "", timestamp } = options;
  const decode = encoding === "hex" ? fromHex : fromBase64;
  return formatVerifier(
    {
      algorithm,
      readClaim(headers) {
        const value = requiredHeader(headers, header);
        const signatures = [value.startsWith(prefix) ? decode(value.slice(prefix.length)) : undefined];
        if (timestamp === undefined) return { signatures, signedPrefix: "" };
        const seconds = requiredHeader(headers, timestamp.header);
        return { signatures, signedPrefix: `${seconds}${timestamp.separator ?? "."}`, timestamp: seconds };
      },
    },
    options,
  );
}

/** A text of the verified body's top level, if the body is JSON and has it. */
export function jsonText(body: Uint8Array, name: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    return undefined;
  }
  const text = isPlainObject(value) ? value[name] : undefined;
  return typeof text === "string" && text !== "" && text.length <= 255 ? text : undefined;
}

/** Senders that sign nothing and send a secret along: Basic authentication, or a key in a header. */
import { createHash, timingSafeEqual } from "node:crypto";
import { DecodeError } from "../../protocol/index.ts";
import type { HttpHeaders, TimedSecret } from "../../signing/index.ts";
import type { HookVerifier } from "./hook-verifier.ts";

const MAX_HEADER = 4096;

/** `Authorization: Basic`, with the secrets as passwords (RFC 7617, UTF-8). */
export function basicVerifier(username: string, secrets: readonly TimedSecret[]): HookVerifier {
  return credentialVerifier("authorization", secrets, (password) => {
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  });
}

/** A header that holds the prefix and a secret. */
export function apiKeyVerifier(
  header: string,
  prefix: string,
  secrets: readonly TimedSecret[],
): HookVerifier {
  return credentialVerifier(header, secrets, (secret) => `${prefix}${secret}`);
}

/** The header's value must be what one of the valid secrets makes of it. */
function credentialVerifier(
  header: string,
  secrets: readonly TimedSecret[],
  toValue: (secret: string) => string,
): HookVerifier {
  const expected = secrets.map((one) => ({ ...one, digest: digest(toValue(one.secret)) }));
  return {
    verify({ headers, now = new Date() }) {
      const given = digest(readHeader(headers, header));
      const valid = expected.filter(
        ({ validFrom, validUntil }) =>
          (validFrom === undefined || validFrom <= now) && (validUntil === undefined || now < validUntil),
      );
      if (valid.length === 0)
        throw new DecodeError("key_unknown", `No secret of the hook is valid at ${now.toISOString()}.`);
      // Every one is compared, in constant time, so that the time tells nothing.
      const fits = valid.filter((one) => timingSafeEqual(one.digest, given)).length > 0;
      if (!fits)
        throw new DecodeError("bad_signature", `The header ${header} does not hold a secret of the hook.`);
      return {};
    },
  };
}

function readHeader(headers: HttpHeaders, name: string): string {
  const value = headers[name];
  if (value === undefined || value === "")
    throw new DecodeError(
      "unsigned",
      `The header ${name} is missing; the sender has to send a secret there.`,
    );
  if (typeof value !== "string" || value.length > MAX_HEADER)
    throw new DecodeError("bad_signature", `The header ${name} is given more than once, or too long.`);
  return value;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** `security_digest`: the hashes of Celery's PSS signatures. Source: celery/security/utils.py of 5.7. */
import { ConfigurationError } from "../../protocol/errors.ts";

/**
 * Node's names by those of Celery, which are the fixed-length hashes of Python's `cryptography`. Its SM3 is absent: OpenSSL
 * signs with it in a few builds only.
 */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ["sha224", "sha224"],
  ["sha256", "sha256"],
  ["sha384", "sha384"],
  ["sha512", "sha512"],
  ["sha512_224", "sha512-224"],
  ["sha512_256", "sha512-256"],
  ["sha3_224", "sha3-224"],
  ["sha3_256", "sha3-256"],
  ["sha3_384", "sha3-384"],
  ["sha3_512", "sha3-512"],
  ["sha1", "sha1"],
  ["md5", "md5"],
]);

/** Two texts with the same one of these can be made. */
const WEAK: ReadonlySet<string> = new Set(["sha1", "md5"]);

/** node:crypto's name of a digest, in any case, as in Celery. Throws ConfigurationError for an unknown or a weak one. */
export function requireDigest(name: string, allowWeak: boolean): string {
  const lower = name.toLowerCase();
  const digest = DIGESTS.get(lower);
  if (digest === undefined) {
    const known = [...DIGESTS.keys()].join(", ");
    throw new ConfigurationError(`securityDigest is "${name}", which is unknown; known are ${known}.`);
  }
  if (WEAK.has(lower) && !allowWeak) {
    const advice = 'use "sha256" on both sides, or set allowWeakDigest until every sender does';
    throw new ConfigurationError(`securityDigest is "${name}", whose signatures can be forged: ${advice}.`);
  }
  return digest;
}

/** Certificate revocation lists (RFC 5280, section 5), which Celery does not have. Complete lists of one issuer. */
import { type KeyObject, verify } from "node:crypto";
import { childrenOf, type DerElement, readElements, readInteger, readTime, TAG } from "./der.ts";

export interface RevocationList {
  /** DER of the name of the issuer of the list and of all certificates in it. */
  readonly issuer: Buffer;
  readonly serials: ReadonlySet<bigint>;
  /** When a newer list is due, in milliseconds since 1970; Infinity when it does not say. */
  readonly nextUpdate: number;
  /** Whether this key made the list's signature. */
  isSignedBy(key: KeyObject): boolean;
}

/** RFC 7468 says `X509 CRL`; some tools leave the first word out. */
const PEM = /-----BEGIN (?:X509 )?CRL-----([^-]*)-----END (?:X509 )?CRL-----/g;

/** Reads all lists of a PEM text, or one in DER. Throws an Error that ends a sentence about the file. */
export function parseRevocationLists(bytes: Buffer): RevocationList[] {
  const blocks = [...bytes.toString("latin1").matchAll(PEM)].map(([, base64 = ""]) =>
    Buffer.from(base64, "base64"),
  );
  return (blocks.length > 0 ? blocks : [bytes]).map(parseList);
}

function parseList(der: Buffer): RevocationList {
  const [list] = readElements(der);
  const [tbs, algorithm, signature] = childrenOf(list);
  const fields = childrenOf(tbs);
  const take = (...tags: number[]): DerElement | undefined =>
    tags.includes(fields[0]?.tag ?? 0) ? fields.shift() : undefined;
  take(TAG.integer); // version
  take(TAG.sequence); // the algorithm again
  const issuer = take(TAG.sequence);
  if (tbs === undefined || issuer === undefined) throw new RangeError("it is no revocation list");
  readTime(take(TAG.utcTime, TAG.generalizedTime)); // when it was made
  const nextUpdate = take(TAG.utcTime, TAG.generalizedTime);
  const entries = take(TAG.sequence);
  const [extensions] = fields.flatMap(childrenOf);
  if (extensions !== undefined) refuseCritical(extensions);
  const digest = digestOf(algorithm);
  return {
    issuer: issuer.whole,
    serials: new Set(entries === undefined ? [] : childrenOf(entries).map(readEntry)),
    nextUpdate: nextUpdate === undefined ? Number.POSITIVE_INFINITY : readTime(nextUpdate),
    isSignedBy(key) {
      try {
        // The first byte of a BIT STRING counts the unused bits of its last.
        return verify(digest, tbs.whole, key, signature?.content.subarray(1) ?? Buffer.alloc(0));
      } catch {
        return false; // a key of another kind than the signature
      }
    },
  };
}

function readEntry(entry: DerElement): bigint {
  const [serial, , extensions] = childrenOf(entry);
  if (extensions !== undefined) refuseCritical(extensions);
  return readInteger(serial);
}

/** A critical extension changes what the list is about: a delta, one distribution point, other issuers. */
function refuseCritical(extensions: DerElement): void {
  for (const extension of childrenOf(extensions)) {
    const [, critical] = childrenOf(extension);
    if (critical?.tag === TAG.boolean && critical.content[0] !== 0)
      throw new RangeError("it is a delta, partial or indirect list; use the issuer's complete list");
  }
}

/** node:crypto's digests by signature algorithm: the object identifier, in hexadecimal. null: the key decides. */
const SIGNATURE_DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ["2a864886f70d01010b", "sha256"], // sha256WithRSAEncryption
  ["2a864886f70d01010c", "sha384"],
  ["2a864886f70d01010d", "sha512"],
  ["2a8648ce3d040302", "sha256"], // ecdsa-with-SHA256
  ["2a8648ce3d040303", "sha384"],
  ["2a8648ce3d040304", "sha512"],
  ["2b6570", null], // Ed25519
  ["2b6571", null], // Ed448
]);

function digestOf(algorithm: DerElement | undefined): string | null {
  const [identifier] = childrenOf(algorithm);
  const digest = SIGNATURE_DIGESTS.get(identifier?.content.toString("hex") ?? "");
  if (digest === undefined)
    throw new RangeError("its signature is none of RSA (PKCS #1 v1.5), ECDSA and EdDSA with SHA-2");
  return digest;
}

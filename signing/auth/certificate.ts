/** A signer's certificate, as Celery sees it. Source: celery/security/certificate.py of 5.7. */
import { type KeyObject, X509Certificate } from "node:crypto";
import { childrenOf, type DerElement, readElements, readInteger, readTime, TAG } from "./der.ts";

/** Smallest RSA key that is used at all, in bits: every digest and its salt fit into its signatures. */
export const MIN_KEY_BITS = 1024;
/** Keys below this, in bits, are within reach of an attacker with means (NIST SP 800-131A). */
export const SAFE_KEY_BITS = 2048;

export interface Certificate {
  /** Celery's name for the signer: the issuer's attribute values and the serial number in decimal, with spaces between. */
  readonly id: string;
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  /** Why signatures of this key are not taken; undefined for an RSA key of a usable size. */
  readonly keyFault: string | undefined;
  readonly keyBits: number;
  /** DER of the issuer's name, to find its revocation list with. */
  readonly issuer: Buffer;
  readonly serial: bigint;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads the first certificate of a PEM text, or DER. Throws an Error that ends a sentence about the file. */
export function parseCertificate(bytes: Buffer): Certificate {
  const x509 = new X509Certificate(bytes);
  const { publicKey } = x509;
  const [whole] = readElements(x509.raw);
  const [tbs] = childrenOf(whole);
  const fields = childrenOf(tbs);
  // The version is absent in certificates of version 1.
  if (fields[0]?.tag === TAG.context0) fields.shift();
  const [serialNumber, , issuer, validity] = fields;
  if (issuer === undefined) throw new RangeError("it is no certificate");
  const [notBefore, notAfter] = childrenOf(validity);
  const serial = readInteger(serialNumber);
  const keyBits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  return {
    id: `${nameText(issuer)} ${serial}`,
    x509,
    publicKey,
    keyFault: faultOf(publicKey.asymmetricKeyType, keyBits),
    keyBits,
    issuer: issuer.whole,
    serial,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
  };
}

function faultOf(type: string | undefined, bits: number): string | undefined {
  if (type !== "rsa") return `its key is ${type ?? "of an unknown type"}, and the auth serializer uses RSA`;
  return bits < MIN_KEY_BITS ? `its RSA key has ${bits} bits; ${MIN_KEY_BITS} are the least` : undefined;
}

/** Attribute values in the certificate's order, those of one multi-valued RDN in its order. */
function nameText(name: DerElement): string {
  const attributes = childrenOf(name).flatMap(childrenOf);
  return attributes.map((attribute) => attributeText(childrenOf(attribute)[1])).join(" ");
}

/** Strings are decoded as Python's `cryptography` does it: UTF-8 but for BMPString, whatever their type promises. */
function attributeText(value: DerElement | undefined): string {
  if (value === undefined || value.tag === TAG.bitString || value.tag === TAG.universalString)
    throw new TypeError("its issuer has an attribute that is no UTF-8 or BMP text");
  const encoding = value.tag === TAG.bmpString ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(value.content);
}

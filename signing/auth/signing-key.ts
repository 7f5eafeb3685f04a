/** The key and certificate that this process signs with. Source: celery/security/key.py of 5.7. */
import { constants, createPrivateKey, type KeyObject, sign, verify } from "node:crypto";
import { ConfigurationError, EncodeError } from "../../protocol/errors.ts";
import { type Certificate, parseCertificate, SAFE_KEY_BITS } from "./certificate.ts";
import { readFileAs } from "./files.ts";

/** Paths of PEM files. */
export interface SigningKeyPaths {
  readonly securityKey: string;
  readonly securityKeyPassword: string | undefined;
  readonly securityCertificate: string;
}

export interface SigningKey {
  readonly key: KeyObject;
  readonly certificate: Certificate;
}

/** Throws ConfigurationError unless they are a pair that may sign now; a small key is worth a warning. */
export function loadSigningKey(
  paths: SigningKeyPaths,
  nowMs: number,
  onWarning: (message: string) => void,
): SigningKey {
  const { securityKey, securityKeyPassword: passphrase, securityCertificate } = paths;
  const key = readFileAs("securityKey", securityKey, (bytes) =>
    createPrivateKey({ key: bytes, ...(passphrase === undefined ? {} : { passphrase }) }),
  );
  const certificate = readFileAs("securityCertificate", securityCertificate, parseCertificate);
  const { keyFault, keyBits, x509 } = certificate;
  const fault = keyFault ?? timeFault(certificate, nowMs);
  if (fault !== undefined)
    throw new ConfigurationError(`securityCertificate: ${securityCertificate}: ${fault}.`);
  if (!x509.checkPrivateKey(key))
    throw new ConfigurationError(`securityKey ${securityKey} does not belong to ${securityCertificate}.`);
  if (keyBits < SAFE_KEY_BITS)
    onWarning(`securityKey has ${keyBits} bits; ${SAFE_KEY_BITS} are the least that is safe.`);
  return { key, certificate };
}

/** Why a certificate cannot be signed with at a time; undefined when it can. */
export function timeFault({ notBefore, notAfter }: Certificate, nowMs: number): string | undefined {
  if (nowMs >= notAfter) return `it has expired on ${new Date(notAfter).toISOString()}`;
  if (nowMs < notBefore) return `it is not valid before ${new Date(notBefore).toISOString()}`;
  return undefined;
}

const PSS = constants.RSA_PKCS1_PSS_PADDING;

/** RSA-PSS on a thread of libuv. Celery before 5.7 takes the longest salt only. Rejects with EncodeError. */
export function signPss(digest: string, body: Uint8Array, key: KeyObject): Promise<Buffer> {
  const saltLength = constants.RSA_PSS_SALTLEN_MAX_SIGN;
  return new Promise((resolve, reject) => {
    sign(digest, body, { key, padding: PSS, saltLength }, (error, signature) => {
      if (error === null) resolve(signature);
      else reject(new EncodeError(`The body could not be signed: ${error.message}`, { cause: error }));
    });
  });
}

/** Whether the key made the signature, with a salt of any length; on a thread of libuv. */
export function verifyPss(
  digest: string,
  body: Uint8Array,
  key: KeyObject,
  signature: Buffer,
): Promise<boolean> {
  const saltLength = constants.RSA_PSS_SALTLEN_AUTO;
  return new Promise((resolve) => {
    verify(digest, body, { key, padding: PSS, saltLength }, signature, (error, isValid) => {
      resolve(error === null && isValid);
    });
  });
}

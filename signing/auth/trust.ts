/** Whose signatures are taken: the certificates of a store, and what authorities and revocation lists say of them. */
import { ConfigurationError, type ErrorCode } from "../../protocol/errors.ts";
import { type Certificate, parseCertificate, SAFE_KEY_BITS } from "./certificate.ts";
import { listFiles, readFileAs } from "./files.ts";
import { writtenSigner } from "./frame.ts";
import { parseRevocationLists, type RevocationList } from "./revocation-list.ts";

/** Paths of files, of directories with one file each, or glob patterns. */
export interface TrustPaths {
  readonly securityCertStore: string;
  readonly securityCaCertificates?: string | null | undefined;
  readonly securityRevocationList?: string | null | undefined;
}

/** A certificate of the store, judged once; only the time is left to look at. */
export interface Signer {
  readonly certificate: Certificate;
  /** When it and all its issuers are valid, in milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Why it is refused at any time. */
  readonly refusal: { readonly code: ErrorCode; readonly reason: string } | undefined;
}

export interface Trust {
  /** By Celery's signer id, as frames of either layout have it. */
  readonly signers: ReadonlyMap<string, Signer>;
  readonly warnings: readonly string[];
}

/** Reads all files. Throws ConfigurationError for one that cannot be read, and for two signers with the same id. */
export function loadTrust(paths: TrustPaths, nowMs: number): Trust {
  const certificates = loadStore(paths.securityCertStore);
  const authorities = loadAuthorities(paths.securityCaCertificates);
  const known = [...certificates.values(), ...(authorities ?? [])];
  const lists = loadRevocationLists(paths.securityRevocationList, known);
  const signers = [...certificates.values()].map((certificate) => judge(certificate, authorities, lists));
  const byName = (["current", "legacy"] as const).flatMap((layout) =>
    signers.map((signer) => [writtenSigner(signer.certificate.id, layout), signer] as const),
  );
  const warnings = [...warningsOf(signers, paths, nowMs), ...staleLists(lists, nowMs)];
  return { signers: new Map(byName), warnings };
}

/** As in Celery, a file counts for its first certificate. */
function loadStore(path: string): Map<string, Certificate> {
  const certificates = new Map<string, Certificate>();
  for (const file of listFiles("securityCertStore", path)) {
    const certificate = readFileAs("securityCertStore", file, parseCertificate);
    if (certificates.has(certificate.id))
      throw new ConfigurationError(
        `securityCertStore: ${file} is a second certificate of the signer "${certificate.id}"; remove one.`,
      );
    certificates.set(certificate.id, certificate);
  }
  return certificates;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** All certificates of all files; undefined when chains are not checked. */
function loadAuthorities(path: string | null | undefined): Certificate[] | undefined {
  if (path === null || path === undefined) return undefined;
  const setting = "securityCaCertificates";
  return listSome(setting, path).flatMap((file) =>
    readFileAs(setting, file, (bytes) => {
      const blocks = bytes.toString("latin1").match(PEM);
      return blocks === null
        ? [parseCertificate(bytes)]
        : blocks.map((block) => parseCertificate(Buffer.from(block, "latin1")));
    }),
  );
}

interface SignedList extends RevocationList {
  readonly file: string;
  readonly signedBy: Certificate;
}

function loadRevocationLists(path: string | null | undefined, known: readonly Certificate[]): SignedList[] {
  if (path === null || path === undefined) return [];
  const setting = "securityRevocationList";
  return listSome(setting, path).flatMap((file) =>
    readFileAs(setting, file, (bytes) =>
      parseRevocationLists(bytes).map((list) => {
        const signedBy = known.find(({ publicKey }) => list.isSignedBy(publicKey));
        if (signedBy === undefined)
          throw new RangeError("no certificate of securityCaCertificates signed it");
        return { ...list, file, signedBy };
      }),
    ),
  );
}

function listSome(setting: string, path: string): string[] {
  const files = listFiles(setting, path);
  if (files.length > 0) return files;
  throw new ConfigurationError(`${setting}: ${path} has no files; remove the setting when there are none.`);
}

function judge(
  certificate: Certificate,
  authorities: readonly Certificate[] | undefined,
  lists: readonly SignedList[],
): Signer {
  const chain = [certificate, ...issuersOf(certificate, authorities ?? [])];
  return {
    certificate,
    notBefore: Math.max(...chain.map(({ notBefore }) => notBefore)),
    notAfter: Math.min(...chain.map(({ notAfter }) => notAfter)),
    refusal: refusalOf(certificate, chain, authorities !== undefined, lists),
  };
}

function refusalOf(
  { keyFault }: Certificate,
  chain: readonly Certificate[],
  needsIssuer: boolean,
  lists: readonly SignedList[],
): Signer["refusal"] {
  if (chain.some((link) => lists.some((list) => isRevoked(link, list))))
    return { code: "cert_revoked", reason: "it, or an issuer of it, is on the revocation list" };
  if (needsIssuer && chain.length === 1)
    return { code: "key_unknown", reason: "no certificate of securityCaCertificates issued it" };
  return keyFault === undefined ? undefined : { code: "alg_refused", reason: keyFault };
}

/** From the issuer of a certificate to the last one known; every authority given is trusted by itself. */
function issuersOf(certificate: Certificate, authorities: readonly Certificate[]): Certificate[] {
  const issuers: Certificate[] = [];
  let current = certificate;
  while (issuers.length < authorities.length) {
    const issuer = issuerOf(current, authorities);
    if (issuer === undefined || issuer === current) break;
    issuers.push(issuer);
    current = issuer;
  }
  return issuers;
}

/** Of an authority that was renewed with the same key, the certificate that lasts longest. */
function issuerOf({ x509 }: Certificate, authorities: readonly Certificate[]): Certificate | undefined {
  return authorities
    .filter((issuer) => issuer.x509.ca && x509.checkIssued(issuer.x509) && x509.verify(issuer.publicKey))
    .sort((a, b) => b.notAfter - a.notAfter)[0];
}

/** By the issuer's key too: two spellings of one name must not hide a revocation. */
function isRevoked(certificate: Certificate, list: SignedList): boolean {
  return (
    list.serials.has(certificate.serial) &&
    (list.issuer.equals(certificate.issuer) || certificate.x509.verify(list.signedBy.publicKey))
  );
}

function warningsOf(signers: readonly Signer[], { securityCertStore }: TrustPaths, nowMs: number): string[] {
  if (signers.length === 0)
    return [`securityCertStore: ${securityCertStore} is empty, so that no signature is taken.`];
  return signers.flatMap(({ certificate: { id, keyBits }, notAfter, refusal }) => {
    if (refusal !== undefined) return [`The certificate of "${id}" is refused: ${refusal.reason}.`];
    if (notAfter <= nowMs)
      return [`The certificate of "${id}" is refused: it, or an issuer of it, has expired.`];
    if (keyBits >= SAFE_KEY_BITS) return [];
    return [`The RSA key of "${id}" has ${keyBits} bits; ${SAFE_KEY_BITS} are the least that is safe.`];
  });
}

/** Still used: what a list revokes stays revoked. */
function staleLists(lists: readonly SignedList[], nowMs: number): string[] {
  return lists
    .filter(({ nextUpdate }) => nextUpdate <= nowMs)
    .map(({ file }) => `securityRevocationList: ${file} is out of date; fetch the issuer's new list.`);
}

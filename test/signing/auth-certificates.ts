/** Keys, certificates and revocation lists for tests of the `auth` serializer, and a folder to keep them in. */
import "reflect-metadata";
import { KeyObject, webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  BasicConstraintsExtension,
  Extension,
  type JsonNameParams,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  X509CertificateGenerator,
  X509CrlGenerator,
} from "@peculiar/x509";
import { createCodecs, type Serializer } from "../../codecs/index.ts";
import { type AuthSerializerOptions, createAuthSerializer } from "../../signing/auth/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { makeFolder, removeFolder } from "../helpers/services-process.ts";

export type KeyPair = webcrypto.CryptoKeyPair;

type KeyKind = "rsa512" | "rsa1024" | "rsa2048" | "rsa4096" | "ec" | "ed25519";

const KINDS: Readonly<
  Record<
    KeyKind,
    webcrypto.RsaHashedKeyGenParams | (webcrypto.EcKeyGenParams & { hash: string }) | webcrypto.Algorithm
  >
> = {
  rsa512: rsa(512),
  rsa1024: rsa(1024),
  rsa2048: rsa(2048),
  rsa4096: rsa(4096),
  ec: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  ed25519: { name: "Ed25519" },
};

function rsa(modulusLength: number): webcrypto.RsaHashedKeyGenParams {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength, publicExponent };
}

export async function makeKeys(kind: KeyKind): Promise<KeyPair> {
  return (await webcrypto.subtle.generateKey(KINDS[kind], true, ["sign", "verify"])) as KeyPair;
}

/** The private key as PEM, encrypted when there is a password. */
export function keyPem({ privateKey }: KeyPair, password?: string): string {
  const cipher = password === undefined ? {} : { cipher: "aes-256-cbc", passphrase: password };
  return KeyObject.from(privateKey)
    .export({ type: "pkcs8", format: "pem", ...cipher })
    .toString();
}

export interface CertificateOptions {
  readonly keys: KeyPair;
  /** Whose signature it carries. Default: its own. */
  readonly by?: KeyPair;
  /** Default: CN=`test`, also for the issuer. */
  readonly subject?: string;
  readonly issuer?: string | JsonNameParams;
  /** Hexadecimal. Default: 01. */
  readonly serial?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly isAuthority?: boolean;
}

/** A certificate as PEM, valid from 2020 to 2120 unless told otherwise. */
export async function certificatePem(options: CertificateOptions): Promise<string> {
  const { keys, by = keys, subject = "CN=test", issuer = subject, serial = "01" } = options;
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: typeof issuer === "string" ? issuer : new Name(issuer),
    serialNumber: serial,
    notBefore: new Date(options.notBefore ?? "2020-01-01T00:00:00Z"),
    notAfter: new Date(options.notAfter ?? "2120-01-01T00:00:00Z"),
    publicKey: keys.publicKey,
    signingKey: by.privateKey,
    signingAlgorithm: { ...by.privateKey.algorithm, hash: "SHA-256" },
    extensions: options.isAuthority
      ? [
          new BasicConstraintsExtension(true),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign),
        ]
      : [],
  });
  return certificate.toString("pem");
}

/** What a PEM text holds. */
export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]*-----/g, ""), "base64");
}

export interface RevocationListOptions {
  readonly by: KeyPair;
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serials: readonly string[];
  readonly nextUpdate?: string;
  /** Object identifiers of critical extensions. */
  readonly critical?: readonly string[];
}

/** A revocation list as PEM. */
export async function revocationListPem(options: RevocationListOptions): Promise<string> {
  const { by, issuer, serials, nextUpdate = "2120-01-01T00:00:00Z", critical = [] } = options;
  const list = await X509CrlGenerator.create({
    issuer,
    signingKey: by.privateKey,
    signingAlgorithm: { ...by.privateKey.algorithm, hash: "SHA-256" },
    thisUpdate: new Date("2024-01-01T00:00:00Z"),
    nextUpdate: new Date(nextUpdate),
    entries: serials.map((serialNumber) => ({
      serialNumber,
      revocationDate: new Date("2024-01-01T00:00:00Z"),
    })),
    extensions: critical.map((type) => new Extension(type, true, new Uint8Array([0x30, 0x00]))),
  });
  return list.toString("pem");
}

/** A folder that ends with the test. */
export interface Place {
  /** Writes a file, in a folder too (`store/a.pem`), and returns its path. */
  write(name: string, content: string | Uint8Array): string;
  path(name: string): string;
}

export async function makePlace(): Promise<Place> {
  const folder = await makeFolder("signing");
  cleanUp(() => removeFolder(folder));
  const path = (name: string): string => join(folder, name);
  return {
    path,
    write(name, content) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content);
      return path(name);
    },
  };
}

/** A serializer with the built-in codecs, which turns warnings into silence unless told otherwise. */
export function authSerializer(options: Omit<AuthSerializerOptions, "codecs">): Serializer {
  return createAuthSerializer({ codecs: createCodecs(), onWarning: () => undefined, ...options });
}

/** The fields of a frame as they are before any base64. */
export interface FrameParts {
  readonly signer: string;
  readonly signature: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly body: Uint8Array;
}

/** A frame as Celery 5.5 and newer lay it out; written apart from ours, so that both must agree. */
export function packFrame(parts: FrameParts): Buffer {
  const fields = [
    Buffer.from(Buffer.from(parts.signer).toString("base64")),
    Buffer.from(Buffer.from(parts.signature).toString("base64")),
    Buffer.from(parts.contentType),
    Buffer.from(parts.contentEncoding),
    parts.body,
  ];
  return Buffer.from(joinFields(fields).toString("base64"));
}

/** The layout of Celery 5.0 to 5.4. */
export function packLegacyFrame(parts: FrameParts): Buffer {
  const { signer, signature, contentType, contentEncoding, body } = parts;
  const fields = [
    Buffer.from(signer),
    signature,
    Buffer.from(contentType),
    Buffer.from(contentEncoding),
    body,
  ];
  return Buffer.from(joinFields(fields).toString("base64"));
}

function joinFields(fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(fields.flatMap((field, at) => (at === 0 ? [field] : [Buffer.from([0, 1]), field])));
}

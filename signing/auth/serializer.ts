/** Celery's `auth` serializer: signed bodies. Source: celery/security/serialization.py of 5.7. */
import { requireSize } from "../../codecs/limits.ts";
import type { Codecs } from "../../codecs/registry.ts";
import type { Serializer } from "../../codecs/serializer.ts";
import { ConfigurationError, DecodeError, EncodeError } from "../../protocol/errors.ts";
import { requireDigest } from "./digests.ts";
import { type AuthLayout, createFrame, openFrame, readFields } from "./frame.ts";
import { loadSigningKey, signPss, timeFault, verifyPss } from "./signing-key.ts";
import { TrustStore } from "./trust-store.ts";

/** Celery's settings for `auth`, and two of ours. Without key and certificate nothing is signed, without a store nothing read. */
export interface AuthSerializerOptions {
  /** Where the serializers of the signed bodies come from. */
  readonly codecs: Codecs;
  /** Path of the RSA private key, PEM. */
  readonly securityKey?: string | null | undefined;
  readonly securityKeyPassword?: string | null | undefined;
  /** Path of its certificate, PEM. */
  readonly securityCertificate?: string | null | undefined;
  /** Directory or glob pattern of the certificates whose signatures are taken, one a file. */
  readonly securityCertStore?: string | null | undefined;
  /** Hash of the signatures, written and taken. Default: sha256. */
  readonly securityDigest?: string;
  /** Authorities, one of which must have issued a signer's certificate: a file, directory or glob. Not in Celery. */
  readonly securityCaCertificates?: string | null | undefined;
  /** Revocation lists, PEM or DER: a file, directory or glob. Not in Celery. */
  readonly securityRevocationList?: string | null | undefined;
  /** Name of the serializer that writes the signed bodies. Default: json. */
  readonly serializer?: string;
  /** Names of those that may read them: a body's type is not signed. Default: `serializer` alone. */
  readonly allowedSerializers?: readonly string[];
  /** How frames are written; both layouts are read. Default: current. */
  readonly layout?: AuthLayout;
  /** Allow sha1 and md5. Default: false. */
  readonly allowWeakDigest?: boolean;
  /** Told about certificates that will be refused and files that could not be read again. Default: a process warning. */
  readonly onWarning?: (message: string, error?: unknown) => void;
  /** Milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
}

/**
 * Reads all files now: throws ConfigurationError for what is missing, wrong or out of date. The serializer signs and verifies
 * on libuv's threads, so that the event loop goes on. Reading rejects with DecodeError `bad_signature`, `key_unknown`,
 * `cert_expired`, `cert_revoked`, `alg_refused`, `content_refused`, or that of the inner serializer.
 */
export function createAuthSerializer(options: AuthSerializerOptions): Serializer {
  const digest = requireDigest(options.securityDigest ?? "sha256", options.allowWeakDigest ?? false);
  return {
    name: "auth",
    contentType: "application/data",
    contentEncoding: "utf-8",
    serialize: createSigner(options, digest),
    deserialize: createVerifier(options, digest),
  };
}

function createSigner(options: AuthSerializerOptions, digest: string): Serializer["serialize"] {
  const { codecs, securityKey, securityKeyPassword, securityCertificate, layout = "current" } = options;
  const { onWarning = warnProcess, now = Date.now } = options;
  const inner = requireInner(codecs, options.serializer ?? "json");
  if (layout === "legacy" && inner.contentEncoding !== "utf-8")
    throw new ConfigurationError(`Celery before 5.5 cannot read signed ${inner.name}; use json or yaml.`);
  if (!securityKey || !securityCertificate)
    return () => {
      throw new EncodeError("Nothing can be signed: securityKey and securityCertificate are not both set.");
    };
  const paths = { securityKey, securityCertificate, securityKeyPassword: securityKeyPassword ?? undefined };
  const { key, certificate } = loadSigningKey(paths, now(), onWarning);
  const { contentType, contentEncoding } = inner;
  const frame = createFrame({ signer: certificate.id, contentType, contentEncoding }, layout);
  return async (value) => {
    const fault = timeFault(certificate, now());
    if (fault !== undefined)
      throw new EncodeError(`Nothing can be signed with securityCertificate: ${fault}.`);
    const body = await inner.serialize(value);
    return frame(await signPss(digest, body, key), body);
  };
}

function createVerifier(options: AuthSerializerOptions, digest: string): Serializer["deserialize"] {
  const { codecs, securityCertStore, onWarning = warnProcess, now = Date.now } = options;
  const allowed = options.allowedSerializers ?? [options.serializer ?? "json"];
  const readers = new Map(
    allowed.map((name) => requireInner(codecs, name)).map((reader) => [reader.contentType, reader]),
  );
  if (!securityCertStore)
    return () => {
      throw new DecodeError("key_unknown", "No signature can be checked: securityCertStore is not set.");
    };
  const { securityCaCertificates, securityRevocationList } = options;
  const paths = { securityCertStore, securityCaCertificates, securityRevocationList };
  const store = new TrustStore({ paths, now, onWarning });
  return async (bytes, limits) => {
    requireSize(bytes, limits);
    const opened = openFrame(bytes);
    const { publicKey, keyBits } = store.require(opened.signer);
    const { signature, contentType, contentEncoding, body } = readFields(opened, Math.ceil(keyBits / 8));
    if (!(await verifyPss(digest, body, publicKey, signature)))
      throw new DecodeError("bad_signature", "The signature does not fit the body.");
    const reader = readers.get(contentType);
    if (reader === undefined) throw contentRefused(contentType, allowed);
    if (contentEncoding !== reader.contentEncoding)
      throw new DecodeError(
        "bad_encoding",
        `The signed body's content encoding is ${JSON.stringify(contentEncoding)}; ${reader.name} has "${reader.contentEncoding}".`,
      );
    return reader.deserialize(body, limits);
  };
}

/** A serializer for what is signed. */
function requireInner(codecs: Codecs, name: string): Serializer {
  if (name !== "auth" && name !== "application/data") return codecs.serializer(name);
  throw new ConfigurationError(
    'The body inside of a signature cannot be "auth" itself; name json, yaml or msgpack.',
  );
}

function contentRefused(contentType: string, allowed: readonly string[]): DecodeError {
  const shown = JSON.stringify(contentType);
  return new DecodeError(
    "content_refused",
    `A signed body of type ${shown} is refused: allowedSerializers has ${allowed.join(", ") || "nothing"}.`,
  );
}

function warnProcess(message: string): void {
  process.emitWarning(message, { type: "CelerityWarning" });
}

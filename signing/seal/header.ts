/** The text of the header `celerity-seal`: `v1.<claims>.<signature>`. Format: docs/sealed-headers.md. */
import { DecodeError, isPlainObject, type PlainObject, toError } from "../../protocol/index.ts";
import { isUnicode } from "./signing-input.ts";

/** The message header that carries a seal. */
export const SEAL_HEADER = "celerity-seal";

/** What a seal says of itself; the message's own headers are not repeated. */
export interface SealClaims {
  /** Key id: the RFC 7638 thumbprint of the signer's public key. */
  readonly kid: string;
  /** When it was sealed, milliseconds since 1970. */
  readonly iat: number;
  readonly nonce: string;
  /** The fleet it is for. */
  readonly aud?: string | undefined;
  /** The queue it was sent to; absent when an exchange decides. */
  readonly queue?: string | undefined;
}

/** A seal that was read and not verified: nothing in it is true yet. */
export interface Seal {
  readonly claims: SealClaims;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Longest header, in bytes. */
export const MAX_SEAL_BYTES = 2048;

const VERSION = "v1";
const SIGNATURE_BYTES = 64;

type Check = (value: unknown) => boolean;

const text =
  (maxBytes: number): Check =>
  (value) =>
    typeof value === "string" && value !== "" && isUnicode(value) && Buffer.byteLength(value) <= maxBytes;

const CLAIMS: Readonly<Record<keyof SealClaims, { readonly check: Check; readonly required: boolean }>> = {
  kid: { check: text(128), required: true },
  iat: { check: (value) => Number.isSafeInteger(value) && Number(value) >= 0, required: true },
  nonce: {
    check: (value) => typeof value === "string" && /^[A-Za-z0-9_-]{16,64}$/.test(value),
    required: true,
  },
  aud: { check: text(255), required: false },
  queue: { check: text(255), required: false },
};

/** The header's value. */
export function writeSeal({ claims, signature }: Seal): string {
  const encoded = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${VERSION}.${encoded}.${Buffer.from(signature).toString("base64url")}`;
}

/** The name of the first claim that is not as the format says, undefined when all are. */
export function wrongClaim(claims: PlainObject): string | undefined {
  const unknown = Object.keys(claims).find((name) => !Object.hasOwn(CLAIMS, name));
  if (unknown !== undefined) return unknown;
  return Object.entries(CLAIMS).find(([name, { check, required }]) =>
    Object.hasOwn(claims, name) ? !check(claims[name]) : required,
  )?.[0];
}

/** Reads a header's value. Throws DecodeError `unsigned` when there is none, `bad_signature` when it cannot be read. */
export function readSeal(value: unknown): Seal {
  if (value === undefined || value === null) {
    throw new DecodeError("unsigned", `The message has no header "${SEAL_HEADER}".`);
  }
  // The length in characters first, so that a huge text is not measured.
  if (typeof value !== "string" || value.length > MAX_SEAL_BYTES) {
    throw badSeal(`it must be a text of at most ${MAX_SEAL_BYTES} bytes`);
  }
  const [version, claims = "", signature = "", ...rest] = value.split(".");
  if (version !== VERSION || rest.length > 0) throw badSeal("it must be v1.<claims>.<signature>");
  const signatureBytes = fromBase64Url(signature);
  if (signatureBytes.length !== SIGNATURE_BYTES) throw badSeal("an Ed25519 signature has 64 bytes");
  return { claims: readClaims(fromBase64Url(claims)), signature: signatureBytes };
}

function readClaims(bytes: Uint8Array): SealClaims {
  let claims: unknown;
  try {
    claims = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw badSeal("its claims are not JSON in UTF-8", toError(error));
  }
  if (!isPlainObject(claims)) throw badSeal("its claims must be a JSON object");
  const wrong = wrongClaim(claims);
  if (wrong !== undefined) throw badSeal(`its claim ${JSON.stringify(wrong.slice(0, 40))} is not allowed`);
  return claims as unknown as SealClaims;
}

/** Node's decoder skips what it does not know, so only what it would write itself is taken. */
function fromBase64Url(encoded: string): Uint8Array {
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.toString("base64url") !== encoded) throw badSeal("its parts must be base64url without padding");
  return bytes;
}

function badSeal(problem: string, cause?: Error): DecodeError {
  return new DecodeError("bad_signature", `The header "${SEAL_HEADER}" cannot be read: ${problem}.`, {
    cause,
  });
}

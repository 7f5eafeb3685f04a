/** The Ed25519 keys of seals: the one that signs, and those that are trusted. */
import type { KeyObject } from "node:crypto";
import { ConfigurationError } from "../../protocol/index.ts";
import { loadPrivateKey, loadPublicKeys, thumbprint } from "../keys/index.ts";

/** A private key and its id. */
export interface SealKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/**
 * Public keys that any signature fits, by their bytes without the sign bit: points of small order, canonical or not.
 * Source: libsodium's blocklist in ed25519_ref10.c.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** The signing key from PEM text, a file or a key folder. Throws ConfigurationError. */
export function loadSealKey(pemOrPath: string, password?: string): SealKey {
  const privateKey = loadPrivateKey(pemOrPath, password);
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new ConfigurationError(
      `Seals are signed with an Ed25519 key; messageSealKey is ${privateKey.asymmetricKeyType}. Make one with: celerity keys generate.`,
    );
  }
  return { kid: thumbprint(privateKey), privateKey };
}

/**
 * The trusted keys by id, from PEM or JSON text, files, folders and patterns; keys of other types serve other purposes
 * and are passed over. Throws ConfigurationError, also when no key is left.
 */
export function loadTrustedSealKeys(sources: readonly string[]): ReadonlyMap<string, KeyObject> {
  const keys = new Map([...loadPublicKeys(sources)].filter(([, key]) => key.asymmetricKeyType === "ed25519"));
  if (keys.size === 0)
    throw new ConfigurationError("There is no Ed25519 public key in messageSealTrustedKeys.");
  for (const [kid, key] of keys) {
    if (isSmallOrder(key)) {
      throw new ConfigurationError(`The trusted key ${kid} is worthless: everybody can sign for it.`);
    }
  }
  return keys;
}

function isSmallOrder(key: KeyObject): boolean {
  const bytes = Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) & 0x7f;
  return SMALL_ORDER.has(bytes.toString("hex"));
}

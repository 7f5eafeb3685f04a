/** Keys from PEM, JWK and JWKS: given as text, as files, or as the folder that `celerity keys` keeps. */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { ConfigurationError, isPlainObject } from "../../protocol/index.ts";
import { isFolder, keyFiles, readKeyFile } from "./key-files.ts";
import { currentPrivateKeyFile } from "./key-folder.ts";
import { thumbprint } from "./thumbprint.ts";

const MAX_PUBLIC_KEYS = 1000;

/**
 * A private key from PEM text, a PEM file, or a key folder, which gives the key that signs now. `password` opens an
 * encrypted one. Throws ConfigurationError; no message holds anything of the key.
 */
export function loadPrivateKey(pemOrPath: string, password?: string): KeyObject {
  if (isPem(pemOrPath)) return readPrivateKey(pemOrPath, "The private key", password);
  const file = isFolder(pemOrPath) ? currentPrivateKeyFile(pemOrPath) : pemOrPath;
  return readPrivateKey(readKeyFile(file), `The private key in ${file}`, password);
}

/**
 * Public keys by key id (RFC 7638 thumbprint). Each source is PEM or JSON text, a file, a folder, a key folder, or a
 * pattern such as `keys/*.pem`; JSON is a JWK or a JWKS. Throws ConfigurationError, also for a private key, which has
 * no place among the keys that are given away.
 */
export function loadPublicKeys(sources: readonly string[]): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const source of sources) {
    for (const key of readSource(source)) keys.set(thumbprint(key), key);
    if (keys.size > MAX_PUBLIC_KEYS) {
      throw new ConfigurationError(
        `More than ${MAX_PUBLIC_KEYS} public keys; prune those that are not in use.`,
      );
    }
  }
  return keys;
}

function readPrivateKey(pem: string, where: string, password: string | undefined): KeyObject {
  if (pem.includes("ENCRYPTED") && password === undefined) {
    throw new ConfigurationError(`${where} is encrypted; give its password.`);
  }
  try {
    return createPrivateKey({ key: pem, ...(password === undefined ? {} : { passphrase: password }) });
  } catch (error) {
    const problem = password === undefined ? "is no private key in PEM" : "does not open with this password";
    throw new ConfigurationError(`${where} ${problem}.`, { cause: error });
  }
}

function readSource(source: string): KeyObject[] {
  if (isPem(source) || isJson(source)) return readPublicKeys(source, "The public key");
  return keyFiles(source).flatMap((file) => readPublicKeys(readKeyFile(file), `The public key in ${file}`));
}

function readPublicKeys(text: string, where: string): KeyObject[] {
  if (text.includes("PRIVATE KEY-----")) {
    throw new ConfigurationError(`${where} is a private one; give the public key instead.`);
  }
  if (isJson(text)) return jwksOf(text, where).map((jwk) => importJwk(jwk, where));
  try {
    return [createPublicKey(text)];
  } catch (error) {
    throw new ConfigurationError(`${where} is no public key in PEM, JWK or JWKS.`, { cause: error });
  }
}

function jwksOf(text: string, where: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`${where} is not JSON.`, { cause: error });
  }
  return isPlainObject(value) && Array.isArray(value["keys"]) ? value["keys"] : [value];
}

function importJwk(jwk: unknown, where: string): KeyObject {
  if (!isPlainObject(jwk)) throw new ConfigurationError(`${where} is no JWK: it is not a JSON object.`);
  if ("d" in jwk || "k" in jwk) {
    throw new ConfigurationError(`${where} is a private or shared one; give the public key instead.`);
  }
  try {
    // Node checks the members itself and throws for wrong ones.
    return createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  } catch (error) {
    throw new ConfigurationError(`${where} is a JWK that cannot be read; use ed25519 (OKP), RSA or EC.`, {
      cause: error,
    });
  }
}

function isPem(text: string): boolean {
  return text.includes("-----BEGIN ");
}

function isJson(text: string): boolean {
  return text.trimStart().startsWith("{");
}

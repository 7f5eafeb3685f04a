/** Makes what to sign, and what to sign with. */
import "reflect-metadata";
import { KeyObject, webcrypto } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { X509CertificateGenerator } from "@peculiar/x509";
import { signingInput } from "../../signing/index.ts";
import { bodyOf, KEY_FILES, messageOf } from "./signed.ts";

const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const DAY_MS = 86_400_000;

/** Makes an RSA key with its certificate, an Ed25519 key, and bytes to sign. */
export async function writeKeys(folder: string): Promise<void> {
  const { subtle } = webcrypto;
  const keys = await subtle.generateKey(RSA, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=bench",
    serialNumber: "01",
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: RSA,
  });
  const seal = (await subtle.generateKey({ name: "Ed25519" }, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  await mkdir(join(folder, "trusted"));
  await writeFile(join(folder, KEY_FILES.rsaKey), pem(keys.privateKey));
  await writeFile(join(folder, KEY_FILES.certificate), certificate.toString("pem"));
  await writeFile(join(folder, KEY_FILES.ed25519Key), pem(seal.privateKey));
  const claims = { kid: "k".repeat(43), iat: Date.now(), nonce: "n".repeat(22), queue: "celery" };
  await writeFile(join(folder, KEY_FILES.sealed), signingInput(messageOf(bodyOf(folder)), claims));
}

function pem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs8", format: "pem" }).toString();
}

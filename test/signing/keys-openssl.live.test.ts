/** Keys that go to and come from OpenSSL. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  generatePrivateKey,
  loadPrivateKey,
  loadPublicKeys,
  privatePem,
  publicPem,
  thumbprint,
} from "../../signing/index.ts";
import { temporaryFolder } from "../helpers/services.ts";

function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
}

describe("openssl", () => {
  it("writes private keys that we read", async () => {
    const file = join(await temporaryFolder(), "key.pem");
    openssl("genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:correct horse", "-out", file);
    expect(loadPrivateKey(file, "correct horse").asymmetricKeyType).toBe("ed25519");
  });

  it("reads private keys that we write", async () => {
    const file = join(await temporaryFolder(), "key.pem");
    const key = generatePrivateKey("ed25519");
    writeFileSync(file, privatePem(key, "correct horse"));
    expect(openssl("pkey", "-in", file, "-passin", "pass:correct horse", "-pubout")).toBe(publicPem(key));
  });

  it("makes certificates of our keys, whose public keys we read", async () => {
    const folder = await temporaryFolder();
    const [file, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const key = generatePrivateKey("rsa", 2048);
    writeFileSync(file, privatePem(key));
    openssl("req", "-x509", "-new", "-key", file, "-out", certificate, "-days", "1", "-subj", "/CN=test");
    expect([...loadPublicKeys([certificate]).keys()]).toEqual([thumbprint(key)]);
  });
});

import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  generatePrivateKey,
  generateWebhookKeyPair,
  generateWebhookSecret,
  loadPrivateKey,
  loadPublicKeys,
  parseWebhookSecret,
  privatePem,
  publicPem,
  thumbprint,
  toJwk,
  toJwks,
  toWebhookPublicKey,
  writeKeyFile,
} from "../../signing/index.ts";
import { temporaryFolder } from "../helpers/services.ts";

const rsa = generatePrivateKey("rsa", 2048);
const wrong = expect.objectContaining({ code: "bad_config" });

describe("thumbprint", () => {
  it("is the same for both halves of a key", () => {
    for (const key of [generatePrivateKey("ed25519"), rsa]) {
      expect(thumbprint(key)).toMatch(/^[\w-]{43}$/);
      expect(thumbprint(key)).toBe(thumbprint(createPublicKey(key)));
    }
  });

  it("refuses shared secrets and keys without a JWK", () => {
    expect(() => thumbprint(createSecretKey(Buffer.alloc(32)))).toThrow(wrong);
    const { publicKey } = generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
    expect(() => thumbprint(publicKey)).toThrow("use ed25519 or rsa");
  });
});

describe("generatePrivateKey", () => {
  it("makes RSA keys of 3072 bits, or of as many as it is told", () => {
    expect(generatePrivateKey("rsa").asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(rsa.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it.each([1024, 2049, 16_384])("makes no RSA key of %i bits", (bits) => {
    expect(() => generatePrivateKey("rsa", bits)).toThrow("2048, 3072, 4096 bits");
  });
});

describe("loadPrivateKey", () => {
  const key = generatePrivateKey("ed25519");

  it("reads PEM as text and from a file, encrypted or not", async () => {
    const file = join(await temporaryFolder(), "key.pem");
    for (const password of [undefined, "correct horse"]) {
      const pem = privatePem(key, password);
      expect(pem.includes("ENCRYPTED")).toBe(password !== undefined);
      writeFileSync(file, pem);
      for (const source of [pem, file]) expect(loadPrivateKey(source, password).equals(key)).toBe(true);
    }
  });

  it("reads long PEM, which is no file name", () => {
    expect(loadPrivateKey(privatePem(rsa)).equals(rsa)).toBe(true);
  });

  it.each([
    [
      "an encrypted one without its password",
      privatePem(key, "x"),
      undefined,
      "is encrypted; give its password",
    ],
    ["another password", privatePem(key, "x"), "y", "does not open with this password"],
    ["a public key", publicPem(key), undefined, "no private key in PEM"],
    [
      "broken PEM",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
      undefined,
      "no private key in PEM",
    ],
    ["no file", "/nowhere/key.pem", undefined, "/nowhere/key.pem cannot be read"],
  ])("refuses %s", (_name, source, password, problem) => {
    expect(() => loadPrivateKey(source, password)).toThrow(problem);
    expect(() => loadPrivateKey(source, password)).toThrow(wrong);
  });
});

describe("loadPublicKeys", () => {
  const one = generatePrivateKey("ed25519");
  const two = generatePrivateKey("ed25519");
  const three = generatePrivateKey("ed25519");

  async function folderOfKeys(): Promise<string> {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, "one.pem"), publicPem(one));
    writeFileSync(join(folder, "two.jwk"), JSON.stringify(toJwk(two)));
    writeFileSync(join(folder, "more.jwks"), JSON.stringify(toJwks([three, rsa])));
    writeFileSync(join(folder, "README.md"), "not a key");
    return folder;
  }

  it("reads PEM and JSON as text", () => {
    const sources = [publicPem(one), JSON.stringify(toJwk(two)), JSON.stringify(toJwks([three, rsa]))];
    const keys = loadPublicKeys(sources);
    expect([...keys.keys()]).toEqual([one, two, three, rsa].map(thumbprint));
    expect(keys.get(thumbprint(one))?.equals(createPublicKey(one))).toBe(true);
  });

  it("reads files, folders and patterns", async () => {
    const folder = await folderOfKeys();
    expect(loadPublicKeys([join(folder, "one.pem")])).toHaveLength(1);
    expect(new Set(loadPublicKeys([folder]).keys())).toEqual(new Set([one, two, three, rsa].map(thumbprint)));
    expect([...loadPublicKeys([join(folder, "t*.jwk")]).keys()]).toEqual([thumbprint(two)]);
    expect(loadPublicKeys([folder, publicPem(one)])).toHaveLength(4);
  });

  it.each([
    ["a private key", privatePem(one), "is a private one"],
    ["an encrypted private key", privatePem(one, "x"), "is a private one"],
    ["a private JWK", JSON.stringify(one.export({ format: "jwk" })), "private or shared"],
    ["a shared secret", '{"kty":"oct","k":"AAAA"}', "private or shared"],
    ["a JWK of another kind", '{"kty":"OKP","crv":"X","x":"AAAA"}', "cannot be read"],
    ["JSON that is no JWK", '{"keys":[1]}', "not a JSON object"],
    ["broken JSON", "{", "is not JSON"],
    ["broken PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no public key"],
    ["no file", "/nowhere/key.pem", "/nowhere/key.pem cannot be read"],
    ["a pattern without files", "/nowhere/*.pem", "no key file at /nowhere/*.pem"],
  ])("refuses %s", (_name, source, problem) => {
    expect(() => loadPublicKeys([source])).toThrow(problem);
    expect(() => loadPublicKeys([source])).toThrow(wrong);
  });

  it("refuses a folder without keys and a file that is too large", async () => {
    const folder = await temporaryFolder();
    expect(() => loadPublicKeys([folder])).toThrow("no key file");
    writeFileSync(join(folder, "large.pem"), Buffer.alloc(1024 * 1024 + 1));
    expect(() => loadPublicKeys([folder])).toThrow("larger than 1048576 bytes");
  });
});

describe("toJwks", () => {
  it("holds no private number, whatever it is given", () => {
    const key = generatePrivateKey("ed25519");
    expect(toJwks([key])).toEqual({
      keys: [{ kty: "OKP", crv: "Ed25519", x: expect.any(String), kid: thumbprint(key), use: "sig" }],
    });
    expect(Object.keys(toJwk(rsa)).sort()).toEqual(["e", "kid", "kty", "n", "use"]);
  });
});

describe("writeKeyFile", () => {
  it("never replaces a file unless told to, and leaves nothing else behind", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "key.pem");
    writeKeyFile(file, "first", { mode: 0o600 });
    expect(() => writeKeyFile(file, "second", { mode: 0o600 })).toThrow("exists");
    expect(readFileSync(file, "utf8")).toBe("first");
    chmodSync(file, 0o644);
    writeKeyFile(file, "third", { mode: 0o600, force: true });
    expect(readFileSync(file, "utf8")).toBe("third");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["key.pem"]);
    expect(() => writeKeyFile(join(folder, "no/key.pem"), "", { mode: 0o600 })).toThrow(wrong);
  });
});

describe("webhook secrets", () => {
  it("are made in the form that they are read in", () => {
    expect(parseWebhookSecret(generateWebhookSecret()).symmetricKeySize).toBe(32);
    const { privateKey, publicKey } = generateWebhookKeyPair();
    const key = parseWebhookSecret(privateKey);
    expect(createPublicKey(key).equals(parseWebhookSecret(publicKey))).toBe(true);
    expect(toWebhookPublicKey(key)).toBe(publicKey);
  });

  it("may come with the private half alone, without padding, and with a line break", () => {
    const { privateKey } = generateWebhookKeyPair();
    const half = Buffer.from(privateKey.slice(5), "base64").subarray(0, 32).toString("base64");
    expect(parseWebhookSecret(`whsk_${half}`).equals(parseWebhookSecret(privateKey))).toBe(true);
    expect(parseWebhookSecret(`whsk_${half.replace("=", "")}\n`).equals(parseWebhookSecret(privateKey))).toBe(
      true,
    );
    expect(createPrivateKey(privatePem(parseWebhookSecret(privateKey))).asymmetricKeyType).toBe("ed25519");
  });

  const base64 = (length: number) => Buffer.alloc(length, 5).toString("base64");
  it.each([
    ["", "starts with whsec_"],
    [base64(32), "starts with whsec_"],
    [`whsec_${base64(23)}`, "24 to 64 bytes, not 23"],
    [`whsec_${base64(65)}`, "24 to 64 bytes, not 65"],
    ["whsec_", "24 to 64 bytes, not 0"],
    ["whsec_not base64 at all, but long enough", "is base64"],
    [`whsk_${base64(33)}`, "32 or 64 bytes, not 33"],
    [`whsk_${base64(31)}`, "32 or 64 bytes, not 31"],
    [`whsk_${base64(64)}`, "not the public key of its first half"],
    [`whpk_${base64(64)}`, "32 bytes, not 64"],
  ])("refuses %j without repeating it", (secret, problem) => {
    expect(() => parseWebhookSecret(secret)).toThrow(problem);
    expect(() => parseWebhookSecret(secret)).toThrow(wrong);
    if (secret.length > 6) expect(() => parseWebhookSecret(secret)).not.toThrow(secret.slice(6));
  });
});

import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type Serializer } from "../../codecs/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import {
  authSerializer,
  type CertificateOptions,
  certificatePem,
  keyPem,
  makeKeys,
  makePlace,
  type Place,
} from "./auth-certificates.ts";

const [keys, others, small, tiny, ec] = await Promise.all([
  makeKeys("rsa2048"),
  makeKeys("rsa2048"),
  makeKeys("rsa1024"),
  makeKeys("rsa512"),
  makeKeys("ec"),
]);

/** A serializer that signs as a certificate of these options. */
async function signerOf(place: Place, options: Omit<CertificateOptions, "keys">): Promise<Serializer> {
  const securityCertificate = place.write("signer.pem", await certificatePem({ ...options, keys }));
  return authSerializer({ securityKey: place.write("signer.key", keyPem(keys)), securityCertificate });
}

async function signAs(place: Place, subject: string): Promise<Uint8Array> {
  return (await signerOf(place, { subject })).serialize(1);
}

/** "no error", or the code of the error. */
async function verdict(serializer: Serializer, bytes: Uint8Array): Promise<string> {
  const reading = async (): Promise<unknown> => serializer.deserialize(bytes, DEFAULT_LIMITS);
  return reading().then(
    () => "no error",
    (error: { readonly code: string }) => error.code,
  );
}

describe("the key", () => {
  test.each([
    [
      "an expired certificate",
      { notAfter: "2024-01-01T00:00:00Z" },
      /it has expired on 2024-01-01T00:00:00.000Z/,
    ],
    ["one of the future", { notBefore: "2100-01-01T00:00:00Z" }, /it is not valid before 2100-01-01/],
    ["a certificate of another key", { keys: others }, /does not belong to/],
    ["an EC certificate", { keys: ec }, /its key is ec, and the auth serializer uses RSA/],
    ["an RSA key of 512 bits", { keys: tiny }, /its RSA key has 512 bits; 1024 are the least/],
  ])("refuses %s", async (_, options, message) => {
    const place = await makePlace();
    const securityCertificate = place.write("a.pem", await certificatePem({ keys, ...options }));
    const making = (): unknown =>
      authSerializer({ securityKey: place.write("a.key", keyPem(keys)), securityCertificate });
    expect(making).toThrow(ConfigurationError);
    expect(making).toThrow(message);
  });

  test("may be encrypted", async () => {
    const place = await makePlace();
    const securityCertificate = place.write("a.pem", await certificatePem({ keys }));
    const securityKey = place.write("a.key", keyPem(keys, "sesame"));
    const making = (securityKeyPassword?: string): Serializer =>
      authSerializer({ securityKey, securityKeyPassword, securityCertificate });
    expect((await making("sesame").serialize(1)).length).toBeGreaterThan(0);
    expect(() => making("open")).toThrow(/^securityKey: .*a.key cannot be used/);
    expect(() => making()).toThrow(/^securityKey: .*a.key cannot be used/);
  });

  test("of 1024 bits is worth a warning", async () => {
    const place = await makePlace();
    const warnings: string[] = [];
    authSerializer({
      securityKey: place.write("a.key", keyPem(small)),
      securityCertificate: place.write("a.pem", await certificatePem({ keys: small })),
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual(["securityKey has 1024 bits; 2048 are the least that is safe."]);
  });

  test("does not sign after its certificate's end", async () => {
    const place = await makePlace();
    let now = Date.parse("2024-01-01T00:00:00Z");
    const serializer = authSerializer({
      securityKey: place.write("a.key", keyPem(keys)),
      securityCertificate: place.write(
        "a.pem",
        await certificatePem({ keys, notAfter: "2024-06-01T00:00:00Z" }),
      ),
      now: () => now,
    });
    await serializer.serialize(1);
    now = Date.parse("2024-06-01T00:00:00Z");
    const writing = async (): Promise<unknown> => serializer.serialize(1);
    await expect(writing()).rejects.toMatchObject({ code: "unencodable" });
  });
});

describe("the store", () => {
  test("is a directory, where hidden files and folders do not count, or a pattern", async () => {
    const place = await makePlace();
    const bytes = await signAs(place, "CN=one");
    const one = place.write("files/one.pem", await certificatePem({ keys, subject: "CN=one" }));
    place.write("store/.hidden", "no certificate");
    mkdirSync(place.path("store/folder"));
    symlinkSync(one, place.path("store/one.crt"));
    place.write("store/two.txt", await certificatePem({ keys: others, subject: "CN=two" }));
    const taken = ["store", "store/*.crt", "s*/on?.[a-d]rt", "**/one.crt", "files/one.pem"].map(place.path);
    for (const path of taken)
      expect(await verdict(authSerializer({ securityCertStore: path }), bytes)).toBe("no error");
    const untaken = ["store/*.txt", "store/*.{crt,pem}", "store/*den", "*.pem/*"].map(place.path);
    for (const path of untaken)
      expect(await verdict(authSerializer({ securityCertStore: path }), bytes)).toBe("key_unknown");
  });

  test("takes a file for its first certificate, as Celery", async () => {
    const place = await makePlace();
    const [first, second] = await Promise.all([
      certificatePem({ keys: others, subject: "CN=first" }),
      certificatePem({ keys, subject: "CN=second" }),
    ]);
    place.write("store/both.pem", `A comment.\n${first}\n${second}\n`);
    const reader = authSerializer({ securityCertStore: place.path("store") });
    expect(await verdict(reader, await signAs(place, "CN=second"))).toBe("key_unknown");
  });

  test.each([
    ["no path", "nowhere", /^securityCertStore: .*nowhere cannot be used: it does not exist/],
    ["another file", "text", /^securityCertStore: .*note.txt cannot be used/],
    ["a certificate cut short", "cut", /^securityCertStore: .*cut.pem cannot be used/],
    [
      "two certificates of one id",
      "twice",
      /^securityCertStore: .*b.pem is a second certificate of the signer "test 1"/,
    ],
  ])("refuses %s", async (_, folder, message) => {
    const place = await makePlace();
    const pem = await certificatePem({ keys });
    place.write("text/note.txt", "no certificate");
    place.write("cut/cut.pem", pem.slice(0, 300));
    place.write("twice/a.pem", pem);
    place.write("twice/b.pem", await certificatePem({ keys: others }));
    const making = (): unknown => authSerializer({ securityCertStore: place.path(folder) });
    expect(making).toThrow(ConfigurationError);
    expect(making).toThrow(message);
  });

  test("warns of what it will refuse", async () => {
    const place = await makePlace();
    const warnings: string[] = [];
    const onWarning = (text: string): void => void warnings.push(text);
    mkdirSync(place.path("store"));
    authSerializer({ securityCertStore: place.path("store"), onWarning });
    place.write(
      "store/a.pem",
      await certificatePem({ keys, subject: "CN=old", notAfter: "2024-01-01T00:00:00Z" }),
    );
    place.write("store/b.pem", await certificatePem({ keys: ec, subject: "CN=ec" }));
    place.write("store/c.pem", await certificatePem({ keys: small, subject: "CN=small" }));
    authSerializer({ securityCertStore: place.path("store"), onWarning });
    expect(warnings).toEqual([
      expect.stringMatching(/store is empty, so that no signature is taken/),
      'The certificate of "old 1" is refused: it, or an issuer of it, has expired.',
      'The certificate of "ec 1" is refused: its key is ec, and the auth serializer uses RSA.',
      'The RSA key of "small 1" has 1024 bits; 2048 are the least that is safe.',
    ]);
  });
});

describe("the store in use", () => {
  test("takes a new certificate 5 s after it was last read, an old one out after 60 s", async () => {
    const place = await makePlace();
    const pem = await certificatePem({ keys, subject: "CN=new" });
    const bytes = await signAs(place, "CN=new");
    mkdirSync(place.path("store"));
    let now = 1_700_000_000_000;
    const reader = authSerializer({ securityCertStore: place.path("store"), now: () => now });
    const file = place.write("store/new.pem", pem);
    now += 4_999;
    expect(await verdict(reader, bytes)).toBe("key_unknown");
    now += 1;
    expect(await verdict(reader, bytes)).toBe("no error");
    rmSync(file);
    now += 59_999;
    expect(await verdict(reader, bytes)).toBe("no error");
    now += 1;
    expect(await verdict(reader, bytes)).toBe("key_unknown");
  });

  test("keeps what it has while a file is half-written, and says so", async () => {
    const place = await makePlace();
    const bytes = await signAs(place, "CN=kept");
    place.write("store/kept.pem", await certificatePem({ keys, subject: "CN=kept" }));
    const warnings: string[] = [];
    let now = 1_700_000_000_000;
    const reader = authSerializer({
      securityCertStore: place.path("store"),
      now: () => now,
      onWarning: (text) => warnings.push(text),
    });
    place.write("store/half.pem", (await certificatePem({ keys: others })).slice(0, 200));
    now += 60_000;
    expect(await verdict(reader, bytes)).toBe("no error");
    expect(warnings).toEqual([expect.stringMatching(/^The certificates were not read again: .*half.pem/)]);
  });

  test("refuses a certificate from the moment it ends", async () => {
    const place = await makePlace();
    const options = { notBefore: "2024-01-01T00:00:00Z", notAfter: "2024-06-01T00:00:00Z" };
    place.write("store/a.pem", await certificatePem({ keys, ...options }));
    let now = Date.parse(options.notBefore);
    const reader = authSerializer({ securityCertStore: place.path("store"), now: () => now });
    const bytes = await signAs(place, "CN=test");
    expect(await verdict(reader, bytes)).toBe("no error");
    now -= 1;
    expect(await verdict(reader, bytes)).toBe("cert_expired");
    now = Date.parse(options.notAfter) - 1;
    expect(await verdict(reader, bytes)).toBe("no error");
    now += 1;
    expect(await verdict(reader, bytes)).toBe("cert_expired");
  });
});

import { constants, KeyObject, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../codecs/index.ts";
import { DecodeError } from "../../protocol/index.ts";
import {
  authSerializer,
  certificatePem,
  type FrameParts,
  type KeyPair,
  keyPem,
  makeKeys,
  makePlace,
  packFrame,
  packLegacyFrame,
  revocationListPem,
} from "./auth-certificates.ts";

const place = await makePlace();
const [alice, bob, mallory] = await Promise.all([
  makeKeys("rsa2048"),
  makeKeys("rsa2048"),
  makeKeys("rsa2048"),
]);
const [small, tiny, ec, ed25519] = await Promise.all([
  makeKeys("rsa1024"),
  makeKeys("rsa512"),
  makeKeys("ec"),
  makeKeys("ed25519"),
]);

const store = place.path("store");
const write = async (name: string, options: Parameters<typeof certificatePem>[0]): Promise<string> =>
  place.write(name, await certificatePem(options));
const aliceCertificate = await write("store/alice.pem", { keys: alice, subject: "CN=alice", serial: "0a" });
await write("store/bob.pem", { keys: bob, subject: "CN=bob", serial: "0b" });
await write("store/expired.pem", { keys: bob, subject: "CN=expired", notAfter: "2024-01-01T00:00:00Z" });
await write("store/early.pem", { keys: bob, subject: "CN=early", notBefore: "2100-01-01T00:00:00Z" });
await write("store/revoked.pem", { keys: bob, subject: "CN=revoked", serial: "99" });
await write("store/ec.pem", { keys: ec, subject: "CN=ec" });
await write("store/ed25519.pem", { keys: ed25519, subject: "CN=ed25519" });
await write("store/small.pem", { keys: small, subject: "CN=small" });
await write("store/tiny.pem", { keys: tiny, subject: "CN=tiny" });
const aliceKey = place.write("alice.key", keyPem(alice));
const list = { by: bob, issuer: "CN=revoked", serials: ["77", "99"] };
const securityRevocationList = place.write("revoked.crl", await revocationListPem(list));

const reader = authSerializer({ securityCertStore: store, securityRevocationList });
const writer = authSerializer({ securityKey: aliceKey, securityCertificate: aliceCertificate });

const json = Buffer.from('[[1], {"a": "\\u0105"}]');
const value = [[1], { a: "\u0105" }];

function signed(keys: KeyPair, body: Uint8Array, salt: number = constants.RSA_PSS_SALTLEN_MAX_SIGN): Buffer {
  const key = KeyObject.from(keys.privateKey);
  return sign("sha256", body, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt });
}

/** A good frame of alice with some fields changed after the fact. */
function frame(changes: Partial<FrameParts> = {}): FrameParts {
  return {
    signer: "alice 10",
    signature: signed(alice, json),
    contentType: "application/json",
    contentEncoding: "utf-8",
    body: json,
    ...changes,
  };
}

async function read(bytes: Uint8Array): Promise<unknown> {
  return reader.deserialize(bytes, DEFAULT_LIMITS);
}

/** The code of the error, or "no error". */
async function verdict(bytes: Uint8Array): Promise<string> {
  try {
    await read(bytes);
    return "no error";
  } catch (error) {
    if (error instanceof DecodeError) return error.code;
    throw error;
  }
}

describe("what is taken", () => {
  test("a frame in either layout", async () => {
    expect(await read(packFrame(frame()))).toEqual(value);
    expect(await read(packLegacyFrame(frame()))).toEqual(value);
  });

  test.each([0, 20, 32, 222])("a salt of %d bytes, as Celery 5.7 takes it", async (salt) => {
    expect(await verdict(packFrame(frame({ signature: signed(alice, json, salt) })))).toBe("no error");
  });

  test("a separator within the body and within a legacy signature", async () => {
    const body = Buffer.from('["\0\x01"]');
    const bodied = frame({ body, signature: signed(alice, body) });
    // JSON has no raw control characters: that it is the inner reader who refuses shows that the body was whole.
    expect(await verdict(packFrame(bodied))).toBe("bad_body");
    expect(await verdict(packLegacyFrame(bodied))).toBe("bad_body");
    let signature = signed(alice, json);
    while (!signature.includes(Buffer.from([0, 1]))) signature = signed(alice, json);
    expect(await read(packLegacyFrame(frame({ signature })))).toEqual(value);
  });

  test("a small key, which the store warned about", async () => {
    expect(await verdict(packFrame(frame({ signer: "small 1", signature: signed(small, json) })))).toBe(
      "no error",
    );
  });
});

const pkcs1 = sign("sha256", json, KeyObject.from(alice.privateKey));
const pss = { key: KeyObject.from(alice.privateKey), padding: constants.RSA_PKCS1_PSS_PADDING };
const attacks: Record<string, [changes: Partial<FrameParts>, code: string]> = {
  "unknown signer": [{ signer: "mallory 1", signature: signed(mallory, json) }, "key_unknown"],
  "signer with another serial": [{ signer: "alice 11" }, "key_unknown"],
  "signer with a space more": [{ signer: "alice  10" }, "key_unknown"],
  "signer in capitals": [{ signer: "ALICE 10" }, "key_unknown"],
  "signer named like an object's member": [{ signer: "__proto__" }, "key_unknown"],
  "no signer": [{ signer: "" }, "key_unknown"],
  "signer not in UTF-8 alone": [{ signer: "alice\ufffd 10" }, "key_unknown"],
  "signer swapped for another trusted one": [{ signer: "bob 11" }, "bad_signature"],
  "signature of a stranger": [{ signature: signed(mallory, json) }, "bad_signature"],
  "expired certificate": [{ signer: "expired 1", signature: signed(bob, json) }, "cert_expired"],
  "certificate of the future": [{ signer: "early 1", signature: signed(bob, json) }, "cert_expired"],
  "revoked certificate": [{ signer: "revoked 153", signature: signed(bob, json) }, "cert_revoked"],
  "EC certificate": [{ signer: "ec 1" }, "alg_refused"],
  "Ed25519 certificate": [{ signer: "ed25519 1" }, "alg_refused"],
  "RSA certificate of 512 bits": [{ signer: "tiny 1", signature: Buffer.alloc(64) }, "alg_refused"],
  "PKCS #1 v1.5 signature": [{ signature: pkcs1 }, "bad_signature"],
  "another digest": [{ signature: sign("sha512", json, pss) }, "bad_signature"],
  "no signature": [{ signature: Buffer.alloc(0) }, "bad_signature"],
  "signature of zeros": [{ signature: Buffer.alloc(256) }, "bad_signature"],
  "signature cut short": [{ signature: signed(alice, json).subarray(1) }, "bad_signature"],
  "signature with a byte more": [
    { signature: Buffer.concat([signed(alice, json), Buffer.of(0)]) },
    "bad_signature",
  ],
  "another body": [{ body: Buffer.from('[[2], {"a": "\\u0105"}]') }, "bad_signature"],
  "no body": [{ body: Buffer.alloc(0) }, "bad_signature"],
  "inner type yaml": [{ contentType: "application/x-yaml" }, "content_refused"],
  "inner type pickle": [{ contentType: "application/x-python-serialize" }, "content_refused"],
  "inner type auth": [{ contentType: "application/data" }, "content_refused"],
  "no inner type": [{ contentType: "" }, "content_refused"],
  "inner encoding swapped": [{ contentEncoding: "utf-16" }, "bad_encoding"],
  "signer of 16 MB": [{ signer: "a".repeat(9_000_000) }, "bad_signature"],
  "signature of 16 MB": [{ signature: Buffer.alloc(9_000_000) }, "bad_signature"],
  "inner type of 16 MB": [{ contentType: "a".repeat(12_000_000) }, "bad_signature"],
  "inner encoding of 16 MB": [{ contentEncoding: "a".repeat(12_000_000) }, "bad_signature"],
};

describe("what is refused", () => {
  test.each(Object.entries(attacks))("%s", async (_, [changes, code]) => {
    expect(await verdict(packFrame(frame(changes)))).toBe(code);
  });

  test.each(Object.entries(attacks))("in the legacy layout: %s", async (_, [changes, code]) => {
    // A signer without a space is no id in this layout; it may also be taken for the other one.
    const expected = changes.signer?.includes(" ") === false ? ["key_unknown", "bad_signature"] : [code];
    expect(expected).toContain(await verdict(packLegacyFrame(frame(changes))));
  });

  test("yaml, unless it is allowed; then the unsigned type decides, as in Celery", async () => {
    const both = authSerializer({ securityCertStore: store, allowedSerializers: ["json", "yaml"] });
    const swapped = packFrame(frame({ contentType: "application/x-yaml" }));
    expect(await both.deserialize(swapped, DEFAULT_LIMITS)).toEqual(value);
  });

  const questions = Buffer.from('["???????"]');
  // Question marks in a row become slashes.
  const slashed = packFrame(frame({ body: questions, signature: signed(alice, questions) })).toString();

  test.each([
    ["nothing", ""],
    ["plain JSON", "[[], {}, {}]"],
    ["no base64", "%%%%"],
    ["base64 of the URL alphabet", slashed.replaceAll("/", "_")],
    ["base64 with newlines", packFrame(frame()).toString().replace(/.{76}/g, "$&\n")],
    ["base64 without its padding", Buffer.from("alice 10").toString("base64").replaceAll("=", "")],
    ["no separators", Buffer.from("alice 10").toString("base64")],
  ])("%s in place of a frame", async (_, text) => {
    expect(await verdict(Buffer.from(text))).toBe("bad_signature");
  });

  test("every frame cut short, at any byte", async () => {
    const whole = Buffer.from(packFrame(frame()).toString(), "base64");
    for (let length = 0; length < whole.length; length += 1) {
      const cut = Buffer.from(whole.subarray(0, length).toString("base64"));
      expect(["bad_signature", "key_unknown"]).toContain(await verdict(cut));
    }
  });

  test("every frame with one bit flipped, in any field", async () => {
    for (const pack of [packFrame, packLegacyFrame]) {
      const whole = Buffer.from(pack(frame()).toString(), "base64");
      for (let at = 0; at < whole.length; at += 1) {
        const flipped = Buffer.from(whole);
        flipped.writeUInt8(whole.readUInt8(at) ^ 0x04, at);
        expect(await verdict(Buffer.from(flipped.toString("base64")))).not.toBe("no error");
      }
    }
  });

  test("any bytes, with nothing but DecodeError", async () => {
    const frames = fc.tuple(fc.string(), fc.uint8Array(), fc.string(), fc.string(), fc.uint8Array());
    await fc.assert(
      fc.asyncProperty(frames, async ([signer, signature, contentType, contentEncoding, body]) => {
        const parts = { signer, signature, contentType, contentEncoding, body };
        expect(await verdict(packFrame(parts))).not.toBe("no error");
        expect(await verdict(packLegacyFrame({ ...parts, signer: "alice 10" }))).toBe("bad_signature");
        expect(await verdict(body)).toBe("bad_signature");
      }),
    );
  });

  test("a body beyond the limit, before anything else", async () => {
    const bytes = await writer.serialize("x".repeat(1000));
    const refused = async (maxBytes: number): Promise<unknown> =>
      reader.deserialize(bytes, { maxBytes, maxDepth: 10 });
    expect(await refused(bytes.length)).toBe("x".repeat(1000));
    await expect(refused(bytes.length - 1)).rejects.toMatchObject({ code: "too_large" });
  });

  test("nesting beyond the limit, though it is signed", async () => {
    const bytes = await writer.serialize([[[1]]]);
    const reading = async (): Promise<unknown> =>
      reader.deserialize(bytes, { maxBytes: 10_000, maxDepth: 2 });
    await expect(reading()).rejects.toMatchObject({ code: "too_deep" });
  });
});

/** Sealed headers: the format of docs/sealed-headers.md, byte for byte, and everything that is not it. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import type { PlainObject, WireMessage } from "../../protocol/index.ts";
import {
  readSeal,
  type SealClaims,
  type SealKey,
  type SealOptions,
  sealMessage,
  signingInput,
  thumbprint,
  type VerifyOptions,
  verifySeal,
  writeSeal,
} from "../../signing/index.ts";

const NOW_MS = Date.UTC(2026, 10, 20);
const DAY_MS = 86_400_000;

const key = newKey();
const trustedKeys = new Map([[key.kid, createPublicKey(key.privateKey)]]);

function newKey(): SealKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { kid: thumbprint(privateKey), privateKey };
}

function message(changes: Partial<WireMessage> = {}, headers: PlainObject = {}): WireMessage {
  return {
    body: Buffer.from("[[1], {}, {}]"),
    contentType: "application/json",
    contentEncoding: "utf-8",
    properties: { deliveryMode: 2, priority: 0, correlationId: "i1", replyTo: "r1" },
    ...changes,
    headers: {
      lang: "js",
      task: "add",
      id: "i1",
      root_id: "i0",
      parent_id: "p1",
      group: "g1",
      group_index: 3,
      eta: null,
      expires: null,
      retries: 1,
      timelimit: [10, null],
      ignore_result: false,
      ...headers,
    },
  };
}

function sealed(unsealed: WireMessage = message(), options: Partial<SealOptions> = {}): WireMessage {
  const value = sealMessage(unsealed, { key, queue: "q", nowMs: NOW_MS, ...options });
  return withSeal(unsealed, value);
}

function withSeal(unsealed: WireMessage, value: unknown): WireMessage {
  return { ...unsealed, headers: { ...unsealed.headers, "celerity-seal": value } };
}

function verified(given: WireMessage, options: Partial<VerifyOptions> = {}): SealClaims {
  return verifySeal(given, { trustedKeys, queue: "q", maxAgeSeconds: 604_800, nowMs: NOW_MS, ...options });
}

/** A seal over claims that sealMessage would not make. */
function sealWith(
  claims: unknown,
  signer: KeyObject = key.privateKey,
  given: WireMessage = message(),
): string {
  const signature = sign(null, signingInput(given, claims as SealClaims), signer);
  return writeSeal({ claims: claims as SealClaims, signature });
}

const goodClaims = { kid: key.kid, iat: NOW_MS, nonce: "n".repeat(22), queue: "q" };

describe("the example of the format", () => {
  const page = readFileSync(new URL("../../docs/sealed-headers.md", import.meta.url), "utf8");
  const example = page.slice(page.indexOf("## Example"));
  const blocks = [...example.matchAll(/```(?:json|text)\n([^`]*)```/g)].map((match) => match[1] ?? "");
  const [jwk, body, headers, claims, input, header] = blocks;
  const seed = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const given = message(
    {
      body: Buffer.from(body?.trimEnd() ?? ""),
      properties: { deliveryMode: 2, priority: 0, correlationId: JSON.parse(headers ?? "").id, replyTo: "" },
    },
    {},
  );
  const exact = { ...given, headers: JSON.parse(headers ?? "") };

  test("has the signing input and the header that are printed", () => {
    const read = JSON.parse(claims ?? "");
    expect(createPublicKey(privateKey).export({ format: "jwk" })).toEqual(JSON.parse(jwk ?? ""));
    expect(read.kid).toBe(thumbprint(privateKey));
    expect(Buffer.from(signingInput(exact, read)).toString()).toBe(input);
    expect(sealWith(read, privateKey, exact)).toBe(header?.trim());
  });

  test("verifies", () => {
    const keys = new Map([[thumbprint(privateKey), createPublicKey(privateKey)]]);
    const { iat, aud, queue } = JSON.parse(claims ?? "");
    const options = { trustedKeys: keys, audience: aud, queue, nowMs: iat };
    expect(verified(withSeal(exact, header?.trim()), options)).toMatchObject({
      nonce: "AAECAwQFBgcICQoLDA0ODw",
    });
  });
});

describe("a sealed message", () => {
  test("verifies, and says who sealed it, when and for whom", () => {
    const claims = verified(sealed(message(), { audience: "fleet" }), { audience: "fleet" });
    expect(claims).toEqual({
      kid: key.kid,
      iat: NOW_MS,
      nonce: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      aud: "fleet",
      queue: "q",
    });
    expect(verified(sealed(message(), { queue: undefined }))).not.toHaveProperty("queue");
  });

  test("has another nonce every time", () => {
    const nonces = Array.from({ length: 100 }, () => verified(sealed()).nonce);
    expect(new Set(nonces).size).toBe(100);
  });

  test("may gain headers that are not covered, and be sealed again", () => {
    const more = { "x-celerity-reason": "bad_body", redelivered: true, shadow: "s" };
    const given = sealed();
    expect(verified({ ...given, headers: { ...given.headers, ...more } }).kid).toBe(key.kid);
    expect(verified(sealed(given)).kid).toBe(key.kid);
  });

  test("of protocol 1 is covered by its body", () => {
    const given = { ...message(), headers: {} };
    expect(verified(sealed(given)).kid).toBe(key.kid);
    const changed = { ...sealed(given), body: Buffer.from("[[2], {}, {}]") };
    expect(() => verified(changed)).toThrow(expect.objectContaining({ code: "bad_signature" }));
  });

  test("null, absent and empty texts are the same", () => {
    const { parent_id: _parent, group: _group, ...headers } = message().headers;
    const given = sealed(message({}, { parent_id: null, group: "", eta: "" }));
    const same = {
      ...given,
      headers: { ...headers, "celerity-seal": given.headers["celerity-seal"], eta: null },
    };
    expect(verified(same).kid).toBe(key.kid);
  });
});

/** A message that differs from the sealed one in what is covered. */
const changes: readonly [what: string, change: (given: WireMessage) => WireMessage][] = [
  ["task", header("task", "other")],
  ["task, removed", header("task", undefined)],
  ["id", header("id", "i2")],
  ["root_id", header("root_id", null)],
  ["parent_id", header("parent_id", "p2")],
  ["group", header("group", "g2")],
  ["group_index", header("group_index", 4)],
  ["eta", header("eta", "2026-11-20T00:00:01+00:00")],
  ["expires", header("expires", "2026-11-20T00:00:01+00:00")],
  ["retries", header("retries", 0)],
  ["hard time limit", header("timelimit", [null, null])],
  ["soft time limit", header("timelimit", [10, 5])],
  ["time limits, swapped", header("timelimit", [null, 10])],
  ["ignore_result", header("ignore_result", true)],
  ["compression", header("compression", "application/x-gzip")],
  ["reply_to", (given) => ({ ...given, properties: { ...given.properties, replyTo: "r2" } })],
  ["correlation_id", (given) => ({ ...given, properties: { ...given.properties, correlationId: "i2" } })],
  ["content_type", (given) => ({ ...given, contentType: "application/x-yaml" })],
  ["content_encoding", (given) => ({ ...given, contentEncoding: "binary" })],
  ["body", (given) => ({ ...given, body: Buffer.from("[[1], {}, {}] ") })],
  ["body, removed", (given) => ({ ...given, body: Buffer.alloc(0) })],
];

function header(name: string, value: unknown): (given: WireMessage) => WireMessage {
  return (given) => ({ ...given, headers: { ...given.headers, [name]: value } });
}

describe("a change of what is covered is refused", () => {
  test.each(changes)("%s", (_what, change) => {
    expect(verified(sealed()).kid).toBe(key.kid);
    expect(() => verified(change(sealed()))).toThrow(expect.objectContaining({ code: "bad_signature" }));
  });

  test("any byte of body and header", () => {
    const given = sealed();
    const text = String(given.headers["celerity-seal"]);
    for (let at = 0; at < given.body.length; at += 1) {
      const body = Buffer.from(given.body);
      body[at] = (body[at] ?? 0) ^ 1;
      expect(() => verified({ ...given, body })).toThrow(expect.objectContaining({ code: "bad_signature" }));
    }
    for (let at = 0; at < text.length; at += 1) {
      const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
      expect(() => verified(withSeal(given, flipped))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(?:bad_signature|key_unknown)$/) }),
      );
    }
  });

  test("different messages have different signing inputs", () => {
    const text = fc.oneof(
      fc.constantFrom(null, "", "a\ntask=1:b", "é", "-"),
      fc.string({ unit: "grapheme" }),
    );
    const headers = fc.record({ task: text, id: text, root_id: text, retries: fc.option(fc.nat()) });
    fc.assert(
      fc.property(headers, headers, (one, other) => {
        const [first, second] = [one, other].map((each) =>
          Buffer.from(signingInput(message({}, each), goodClaims)).toString("hex"),
        );
        const same = (["task", "id", "root_id", "retries"] as const).every(
          (name) => (one[name] === "" ? null : one[name]) === (other[name] === "" ? null : other[name]),
        );
        expect(first === second).toBe(same);
      }),
    );
  });
});

describe("a header that is not of the format is refused", () => {
  const [version = "", claims = "", signature = ""] = sealWith(goodClaims).split(".");
  const json = (value: string | Uint8Array): string =>
    `${version}.${Buffer.from(value).toString("base64url")}.${signature}`;
  const order = (1n << 252n) + 27742317777372353535851937790883648493n;

  test.each<[what: string, value: unknown, code?: string]>([
    ["absent", undefined, "unsigned"],
    ["null", null, "unsigned"],
    ["empty", ""],
    ["a number", 5],
    ["a list", [sealWith(goodClaims)]],
    ["an object", { v1: true }],
    ["longer than 2048 bytes", `${version}.${claims}${"A".repeat(2048)}.${signature}`],
    ["another version", `v2.${claims}.${signature}`],
    ["of two parts", `${version}.${claims}`],
    ["of four parts", `${version}.${claims}.${signature}.${signature}`],
    ["padded base64", `${version}.${claims}.${signature}==`],
    [
      "base64 with unused bits",
      `${version}.${claims}.${signature.slice(0, -1)}${signature.endsWith("A") ? "B" : flip(signature)}`,
    ],
    ["base64 with a space", `${version}.${claims} .${signature}`],
    ["base64 of the other alphabet", `${version}.${claims}.${"+/".repeat(43)}`],
    ["a signature of 63 bytes", `${version}.${claims}.${Buffer.alloc(63).toString("base64url")}`],
    ["a signature of 65 bytes", `${version}.${claims}.${Buffer.alloc(65).toString("base64url")}`],
    ["no signature", `${version}.${claims}.`],
    ["a signature of zeros", `${version}.${claims}.${Buffer.alloc(64).toString("base64url")}`],
    ["a signature with S + L", `${version}.${claims}.${addToS(signature, order)}`],
    ["claims that are not JSON", json("{")],
    ["claims that are a list", json("[]")],
    ["claims that are null", json("null")],
    ["claims with a byte order mark", json(`\ufeff${JSON.stringify(goodClaims)}`)],
    ["claims that are not UTF-8", json(Uint8Array.of(0x7b, 0xff, 0x7d))],
    ["claims nested deep", json("[".repeat(700))],
    ["no claims", `${version}..${signature}`],
  ])("%s", (_what, value, code = "bad_signature") => {
    const attempt = (): unknown => verified(withSeal(message(), value));
    expect(attempt).toThrow(expect.objectContaining({ name: "DecodeError", code }));
  });

  test("any text gives a DecodeError and nothing else", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string().map(json),
      fc.json().map(json),
      fc.uint8Array().map(json),
      fc
        .dictionary(fc.constantFrom("kid", "iat", "nonce", "aud", "queue", "__proto__", "x"), fc.jsonValue())
        .map((value) => json(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(() => verified(withSeal(message(), text))).toThrow(
          expect.objectContaining({ name: "DecodeError" }),
        );
      }),
      { numRuns: 1000 },
    );
  });

  function flip(text: string): string {
    return String.fromCharCode(text.charCodeAt(text.length - 1) + 1);
  }

  function addToS(encoded: string, summand: bigint): string {
    const bytes = Buffer.from(encoded, "base64url");
    const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString("hex")}`) + summand;
    Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse().copy(bytes, 32);
    return bytes.toString("base64url");
  }
});

describe("claims that are not of the format are refused, however well signed", () => {
  const long = (bytes: number): string => "é".repeat(bytes / 2);

  test.each<[what: string, claims: PlainObject]>([
    ["one more", { ...goodClaims, alg: "none" }],
    ["__proto__", JSON.parse(`{"__proto__": {}, ${JSON.stringify(goodClaims).slice(1)}`)],
    ["no kid", { ...goodClaims, kid: undefined }],
    ["an empty kid", { ...goodClaims, kid: "" }],
    ["a kid of 130 bytes", { ...goodClaims, kid: long(130) }],
    ["a kid that is a path", { ...goodClaims, kid: ["../../etc/passwd"] }],
    ["no iat", { ...goodClaims, iat: undefined }],
    ["an iat that is text", { ...goodClaims, iat: String(NOW_MS) }],
    ["an iat below 0", { ...goodClaims, iat: -1 }],
    ["an iat with a fraction", { ...goodClaims, iat: NOW_MS + 0.5 }],
    ["an iat beyond 2^53", { ...goodClaims, iat: 2 ** 53 }],
    ["no nonce", { ...goodClaims, nonce: undefined }],
    ["a nonce of 15", { ...goodClaims, nonce: "n".repeat(15) }],
    ["a nonce of 65", { ...goodClaims, nonce: "n".repeat(65) }],
    ["a nonce with a colon", { ...goodClaims, nonce: `${"n".repeat(16)}:q` }],
    ["a nonce with a line break", { ...goodClaims, nonce: `${"n".repeat(16)}\n` }],
    ["an empty aud", { ...goodClaims, aud: "" }],
    ["an aud of null", { ...goodClaims, aud: null }],
    ["an aud of 256 bytes", { ...goodClaims, aud: long(256) }],
    ["a queue of 256 bytes", { ...goodClaims, queue: long(256) }],
    ["a queue that is a number", { ...goodClaims, queue: 7 }],
    ["half a surrogate pair", { ...goodClaims, queue: "\ud800" }],
  ])("%s", (_what, claims) => {
    expect(verified(withSeal(message(), sealWith(goodClaims))).nonce).toBe(goodClaims.nonce);
    const given = withSeal(message(), sealWith(claims));
    expect(() => verified(given)).toThrow(expect.objectContaining({ code: "bad_signature" }));
  });

  test("the longest claims fit", () => {
    const claims = { ...goodClaims, aud: long(254), queue: long(254), nonce: "n".repeat(64) };
    const given = withSeal(message(), sealWith(claims));
    expect(verified(given, { audience: claims.aud, queue: claims.queue })).toEqual(claims);
  });
});

describe("keys", () => {
  test("a signer who is not trusted is unknown, whoever he says he is", () => {
    const stranger = newKey();
    expect(() => verified(sealed(message(), { key: stranger }))).toThrow(
      expect.objectContaining({ code: "key_unknown" }),
    );
    const liar = { ...stranger, kid: key.kid };
    expect(() => verified(sealed(message(), { key: liar }))).toThrow(
      expect.objectContaining({ code: "bad_signature" }),
    );
  });

  test("each of several trusted keys will do", () => {
    const other = newKey();
    const keys = new Map([...trustedKeys, [other.kid, createPublicKey(other.privateKey)]]);
    expect(verified(sealed(message(), { key: other }), { trustedKeys: keys }).kid).toBe(other.kid);
  });

  test("a seal for another key's id does not verify with that key", () => {
    const other = newKey();
    const keys = new Map([...trustedKeys, [other.kid, createPublicKey(other.privateKey)]]);
    const { claims, signature } = readSeal(sealed().headers["celerity-seal"]);
    const value = writeSeal({ claims: { ...claims, kid: other.kid }, signature });
    expect(() => verified(withSeal(message(), value), { trustedKeys: keys })).toThrow(
      expect.objectContaining({ code: "bad_signature" }),
    );
  });

  test("tweetnacl, an implementation by others, reads ours and writes what we read", () => {
    const pair = nacl.sign.keyPair();
    const jwk = { kty: "OKP", crv: "Ed25519", x: Buffer.from(pair.publicKey).toString("base64url") };
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    const d = Buffer.from(pair.secretKey.subarray(0, 32)).toString("base64url");
    const privateKey = createPrivateKey({ key: { ...jwk, d }, format: "jwk" });
    const kid = thumbprint(publicKey);
    for (let round = 0; round < 20; round += 1) {
      const given = message({ body: nacl.randomBytes(round * 7) });
      const seal = readSeal(sealed(given, { key: { kid, privateKey } }).headers["celerity-seal"]);
      const input = signingInput(given, seal.claims);
      expect(nacl.sign.detached.verify(input, seal.signature, pair.publicKey)).toBe(true);
      const theirs = writeSeal({ claims: seal.claims, signature: nacl.sign.detached(input, pair.secretKey) });
      const options = { trustedKeys: new Map([[kid, publicKey]]) };
      expect(verified(withSeal(given, theirs), options)).toEqual(seal.claims);
    }
  });
});

describe("time", () => {
  const at = (ageMs: number, eta: string | null = null): (() => SealClaims) => {
    const given = sealed(message({}, { eta }), { nowMs: NOW_MS - ageMs });
    return () => verified(given, { maxAgeSeconds: 60 });
  };
  const expired = expect.objectContaining({ code: "signature_expired" });

  test("a seal counts up to its maximum age", () => {
    expect(at(60_000)().iat).toBe(NOW_MS - 60_000);
    expect(at(60_001)).toThrow(expired);
  });

  test("and up to 300 s ahead of our clock", () => {
    expect(at(-300_000)().iat).toBe(NOW_MS + 300_000);
    expect(at(-300_001)).toThrow(expired);
  });

  test("a task with an ETA is as old as its ETA", () => {
    const due = new Date(NOW_MS - 60_000).toISOString();
    expect(at(30 * DAY_MS, due)().iat).toBe(NOW_MS - 30 * DAY_MS);
    expect(at(30 * DAY_MS, new Date(NOW_MS - 60_001).toISOString())).toThrow(expired);
    expect(at(30_000, new Date(NOW_MS - DAY_MS).toISOString())().iat).toBe(NOW_MS - 30_000);
  });

  test("an ETA that is no time is for others to refuse", () => {
    expect(at(60_000, "next tuesday")().iat).toBe(NOW_MS - 60_000);
    expect(at(60_001, "next tuesday")).toThrow(expired);
  });
});

describe("audience", () => {
  const wrong = expect.objectContaining({ code: "wrong_audience" });

  test.each<[sealedFor: string | undefined, here: string | undefined]>([
    ["fleet", "other"],
    ["fleet", undefined],
    [undefined, "fleet"],
    ["fleet", "Fleet"],
  ])("sealed for %s is refused by %s", (audience, here) => {
    expect(() => verified(sealed(message(), { audience }), { audience: here })).toThrow(wrong);
    expect(verified(sealed(message(), { audience }), { audience }).aud).toBe(audience);
  });

  test("a seal for one queue is refused on another, one for none is not", () => {
    expect(() => verified(sealed(message(), { queue: "q2" }))).toThrow(wrong);
    expect(verified(sealed(message(), { queue: undefined })).queue).toBeUndefined();
  });
});

describe("the first failing check decides", () => {
  test("key before signature, signature before time, time before audience", () => {
    const old = { nowMs: NOW_MS - 30 * DAY_MS, queue: "q2" };
    const changed = header("task", "other");
    const codeOf = (given: WireMessage): unknown => {
      try {
        return verified(given);
      } catch (error) {
        return (error as { readonly code: string }).code;
      }
    };
    expect(codeOf(changed(sealed(message(), { ...old, key: newKey() })))).toBe("key_unknown");
    expect(codeOf(changed(sealed(message(), old)))).toBe("bad_signature");
    expect(codeOf(sealed(message(), old))).toBe("signature_expired");
    expect(codeOf(sealed(message(), { queue: "q2" }))).toBe("wrong_audience");
  });
});

describe("a message that cannot be sealed", () => {
  test.each<[what: string, headers: PlainObject]>([
    ["a task that is a number", { task: 5 }],
    ["an id with half a surrogate pair", { id: "\udfff" }],
    ["an eta that is a Date", { eta: new Date() }],
    ["retries that are text", { retries: "1" }],
    ["retries below 0", { retries: -1 }],
    ["retries with a fraction", { retries: 1.5 }],
    ["retries beyond 2^53", { retries: 2 ** 53 }],
    ["retries that are a bigint", { retries: 5n }],
    ["retries that are a boolean", { retries: true }],
    ["a time limit that is no list", { timelimit: 5 }],
    ["a time limit of one", { timelimit: [5] }],
    ["a time limit of three", { timelimit: [5, 5, 5] }],
    ["a time limit that is infinite", { timelimit: [Number.POSITIVE_INFINITY, null] }],
    ["a time limit that is no number", { timelimit: [null, Number.NaN] }],
    ["a time limit below 0", { timelimit: [null, -1] }],
    ["a time limit beyond 10^12", { timelimit: [1e12 + 1, null] }],
    ["a time limit that is absent", { timelimit: [undefined, null] }],
    ["an ignore_result of 0", { ignore_result: 0 }],
    ["a compression that is a list", { compression: ["zlib"] }],
  ])("has %s, and is refused when it carries a seal", (_what, headers) => {
    expect(() => sealed(message({}, headers))).toThrow(expect.objectContaining({ code: "unencodable" }));
    const given = message({}, { ...headers, "celerity-seal": sealed().headers["celerity-seal"] });
    expect(() => verified(given)).toThrow(expect.objectContaining({ code: "bad_signature" }));
  });

  test("is one for a queue or an audience of 256 bytes, or of names that need too many escapes", () => {
    const refused = expect.objectContaining({ code: "unencodable" });
    expect(() => sealed(message(), { queue: "q".repeat(256) })).toThrow(refused);
    expect(() => sealed(message(), { audience: "" })).toThrow(refused);
    expect(() => sealed(message(), { queue: "\u0001".repeat(255) })).toThrow(refused);
  });

  test.each<[limit: number, text: string]>([
    [0, "0"],
    [0.0004, "0"],
    [0.0005, "1"],
    [1.0015, "1002"],
    [0.1 + 0.2, "300"],
    [1e12, "1000000000000000"],
  ])("a time limit of %d s is sealed as %s ms", (limit, text) => {
    const input = Buffer.from(signingInput(message({}, { timelimit: [limit, null] }), goodClaims)).toString();
    expect(input).toContain(`\ntimelimit_hard=${text.length}:${text}\n`);
  });
});

/** Whatever is signed verifies, and with any bit flipped it does not. */
import { createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  generatePrivateKey,
  generateWebhookKeyPair,
  generateWebhookSecret,
  type HttpRequest,
  signHttp,
  signWebhook,
  verifyHttp,
  WEBHOOK_VERIFIERS,
} from "../../signing/index.ts";
import { fromBase64, fromHex, isSame } from "../../signing/webhooks/bytes.ts";

const now = new Date("2026-01-02T03:04:05Z");
const isDecodeError: unknown = expect.objectContaining({ name: "DecodeError" });

const bodies = fc.uint8Array({ minLength: 1, maxLength: 200 });
const ids = fc.stringMatching(/^[!-\-/-~]{1,255}$/);
const bits = fc.nat();

/** A copy with one bit turned; `bit` counts around. */
function flip(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

function flipBase64(text: string, bit: number): string {
  return flip(Buffer.from(text, "base64"), bit).toString("base64");
}

describe("Standard Webhooks", () => {
  const pair = generateWebhookKeyPair();
  const secret = generateWebhookSecret();

  it.each([
    ["v1", secret, secret],
    ["v1a", pair.privateKey, pair.publicKey],
  ])("%s", (version, signing, verifying) => {
    const verifier = WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets: [verifying] });
    fc.assert(
      fc.property(bodies, ids, bits, (body, id, bit) => {
        const headers = signWebhook(body, { id, secrets: [signing], timestamp: now });
        expect(verifier.verify({ headers, body, now })).toEqual({ id, timestamp: now });
        expect(() => verifier.verify({ headers, body: flip(body, bit), now })).toThrow(isDecodeError);
        const signature = headers["webhook-signature"].slice(version.length + 1);
        const forged = { ...headers, "webhook-signature": `${version},${flipBase64(signature, bit)}` };
        expect(() => verifier.verify({ headers: forged, body, now })).toThrow(isDecodeError);
        const renamed = { ...headers, "webhook-id": flip(Buffer.from(id), bit).toString("latin1") };
        expect(() => verifier.verify({ headers: renamed, body, now })).toThrow(isDecodeError);
      }),
    );
  });

  it("throws nothing but DecodeError for any headers", () => {
    const verifier = WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets: [secret, pair.publicKey] });
    const values = fc.oneof(fc.string({ unit: "binary" }), fc.constant(undefined), fc.array(fc.string()));
    const seconds = String(now.getTime() / 1000);
    const signatures = fc.string().map((text) => `v1,${text} v1a,${text}`);
    fc.assert(
      fc.property(
        values,
        fc.oneof(values, fc.constant(seconds)),
        fc.oneof(values, signatures),
        (id, time, signature) => {
          const headers = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature };
          expect(() => verifier.verify({ headers, body: Buffer.of(), now })).toThrow(isDecodeError);
        },
      ),
    );
  });
});

describe("HTTP message signatures", () => {
  const ed25519 = { keyid: "ed25519", key: generatePrivateKey("ed25519") };
  const hmac = { keyid: "hmac", key: createSecretKey(Buffer.alloc(32, 1)) };
  const headerValues = fc.stringMatching(/^[!-~]{1,80}$/);

  it.each([ed25519, hmac])("$keyid", (key) => {
    fc.assert(
      fc.property(
        bodies,
        headerValues,
        fc.webUrl({ withQueryParameters: true }),
        bits,
        (body, type, url, bit) => {
          const request: HttpRequest = {
            method: "POST",
            url: new URL(url).href,
            headers: { "content-type": type, "webhook-id": "a", "webhook-timestamp": "1" },
            body,
          };
          const added = signHttp(request, { key, created: now });
          const signed = { ...request, headers: { ...request.headers, ...added } };
          const verify = (message: HttpRequest) => verifyHttp(message, { keys: [ed25519, hmac], now });
          expect(verify(signed).keyid).toBe(key.keyid);
          expect(() => verify({ ...signed, body: flip(body, bit) })).toThrow(isDecodeError);
          const flippedType = flip(Buffer.from(type), bit).toString("latin1");
          expect(() =>
            verify({ ...signed, headers: { ...signed.headers, "content-type": flippedType } }),
          ).toThrow(isDecodeError);
          const base64 = added.signature.slice("celery=:".length, -1);
          const signature = `celery=:${flipBase64(base64, bit)}:`;
          expect(() => verify({ ...signed, headers: { ...signed.headers, signature } })).toThrow(
            isDecodeError,
          );
          const input = flip(Buffer.from(added["signature-input"]), bit).toString("latin1");
          expect(() =>
            verify({ ...signed, headers: { ...signed.headers, "signature-input": input } }),
          ).toThrow(isDecodeError);
        },
      ),
    );
  });

  it("throws nothing but DecodeError for any headers", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (input, signature) => {
        const headers = { "signature-input": input, signature: `a=:${signature}:`, "content-digest": input };
        const message: HttpRequest = {
          method: "POST",
          url: "https://example.com/",
          headers,
          body: Buffer.of(),
        };
        expect(() => verifyHttp(message, { keys: [ed25519], now })).toThrow(isDecodeError);
      }),
    );
  });
});

describe("HMAC in a header", () => {
  it("GitHub's", () => {
    const verifier = WEBHOOK_VERIFIERS.github({ secrets: ["s"] });
    fc.assert(
      fc.property(bodies, bits, (body, bit) => {
        const digest = createHmac("sha256", "s").update(body).digest();
        const headers = (bytes: Buffer) => ({ "x-hub-signature-256": `sha256=${bytes.toString("hex")}` });
        expect(verifier.verify({ headers: headers(digest), body, now }).id).toMatch(/^sha256-/);
        expect(() => verifier.verify({ headers: headers(digest), body: flip(body, bit), now })).toThrow(
          isDecodeError,
        );
        expect(() => verifier.verify({ headers: headers(flip(digest, bit)), body, now })).toThrow(
          isDecodeError,
        );
      }),
    );
  });
});

describe("bytes", () => {
  it("are compared whatever their lengths", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(isSame(a, b)).toBe(Buffer.from(a).equals(b));
        expect(isSame(a, Uint8Array.from(a))).toBe(true);
      }),
    );
  });

  it("are read from nothing but their own encoding", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: "binary" }), (bytes, text) => {
        const buffer = Buffer.from(bytes);
        expect(fromBase64(buffer.toString("base64"))).toEqual(buffer);
        expect(fromHex(buffer.toString("hex").toUpperCase())).toEqual(buffer);
        expect(fromBase64(text)?.toString("base64") ?? text).toBe(text);
        expect(fromHex(text)?.toString("hex") ?? text.toLowerCase()).toBe(text.toLowerCase());
      }),
    );
    for (const text of ["é", "☃", "AAA", "AAAA=", "AA==\n", "0", "0g", " 00"]) {
      expect(fromBase64(text) ?? fromHex(text)).toBeUndefined();
    }
  });
});

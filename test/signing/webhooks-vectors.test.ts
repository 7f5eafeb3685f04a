/** Signatures that specifications and vendors publish, made and verified. */
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  checkContentDigest,
  contentDigest,
  type HttpRequest,
  signatureBase,
  signWebhook,
  thumbprint,
  WEBHOOK_VERIFIERS,
} from "../../signing/index.ts";
import { isSignedBase, signBase } from "../../signing/webhooks/http-signature-profile.ts";
import { readByteSequences, readCovered } from "../../signing/webhooks/structured-fields.ts";
import { vectors } from "../helpers/vectors.ts";

interface WebhookVectors {
  readonly standard_webhooks: readonly {
    readonly name: string;
    readonly id: string;
    readonly timestamp: number;
    readonly body: string;
    readonly signing_secret: string;
    readonly verifying_secret: string;
    readonly signature: string;
  }[];
  readonly vendors: readonly {
    readonly name: "github" | "slack";
    readonly secret: string;
    readonly now: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }[];
  readonly http_signatures: {
    readonly request: Omit<HttpRequest, "body"> & { readonly body: string };
    readonly cases: readonly {
      readonly name: string;
      readonly secret_b64?: string;
      readonly private_pkcs8_b64?: string;
      readonly signature_base: string;
      readonly signature_input: string;
      readonly signature: string;
    }[];
  };
  readonly content_digests: readonly { readonly body: string; readonly content_digest: string }[];
  readonly thumbprints: readonly {
    readonly source: string;
    readonly jwk: JsonWebKey;
    readonly thumbprint: string;
  }[];
}

const published = vectors<WebhookVectors>("webhooks");

describe("Standard Webhooks", () => {
  it.each(published.standard_webhooks)("$name is made and verified", (vector) => {
    const body = Buffer.from(vector.body);
    const now = new Date(vector.timestamp * 1000);
    const headers = signWebhook(body, { id: vector.id, timestamp: now, secrets: [vector.signing_secret] });
    expect(headers["webhook-signature"]).toBe(vector.signature);
    const verifier = WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets: [vector.verifying_secret] });
    expect(verifier.verify({ headers, body, now })).toEqual({ id: vector.id, timestamp: now });
  });
});

describe("vendors' examples", () => {
  it.each(published.vendors)("$name", ({ name, secret, now, headers, body }) => {
    const verifier = WEBHOOK_VERIFIERS[name]({ secrets: [secret] });
    const request = { headers, body: Buffer.from(body), now: new Date(now * 1000) };
    expect(verifier.verify(request).id).toMatch(/^sha256-/);
    const other = { ...request, body: Buffer.from(`${body} `) };
    expect(() => verifier.verify(other)).toThrow(expect.objectContaining({ code: "bad_signature" }));
  });
});

describe("RFC 9421", () => {
  const request = {
    ...published.http_signatures.request,
    body: Buffer.from(published.http_signatures.request.body),
  };

  function keyOf(vector: (typeof published.http_signatures.cases)[number]): KeyObject {
    if (vector.secret_b64 !== undefined) return createSecretKey(vector.secret_b64, "base64");
    const key = Buffer.from(vector.private_pkcs8_b64 ?? "", "base64");
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  }

  it.each(published.http_signatures.cases)("$name", (vector) => {
    const headers = { "Signature-Input": vector.signature_input, Signature: vector.signature };
    const [[label, covered] = ["", undefined]] = [...readCovered(headers, "signature-input")];
    if (covered === undefined) throw new Error("no signature");
    const base = signatureBase(request, covered);
    expect(base).toBe(vector.signature_base);
    const signature = signBase(base, keyOf(vector));
    expect(`${label}=:${signature.toString("base64")}:`).toBe(vector.signature);
    const given = readByteSequences(headers, "signature").get(label) ?? Buffer.alloc(0);
    expect(isSignedBase(base, given, keyOf(vector))).toBe(true);
  });
});

describe("RFC 9530", () => {
  it.each(published.content_digests)("$content_digest", ({ body, content_digest }) => {
    expect(contentDigest(Buffer.from(body))).toBe(content_digest);
    const headers = { "Content-Digest": `sha-512=:AAAA:, ${content_digest}` };
    expect(() => checkContentDigest(headers, Buffer.from(body))).not.toThrow();
    expect(() => checkContentDigest(headers, Buffer.from(`${body} `))).toThrow("not the digest");
  });
});

describe("thumbprints", () => {
  it.each(published.thumbprints)("$source", ({ jwk, thumbprint: expected }) => {
    expect(thumbprint(createPublicKey({ key: jwk, format: "jwk" }))).toBe(expected);
  });
});

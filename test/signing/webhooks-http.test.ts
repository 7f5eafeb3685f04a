import { createSecretKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  acceptSignature,
  contentDigest,
  type HttpMessage,
  type HttpRequest,
  type HttpResponse,
  type HttpSignatureKey,
  requestedSignature,
  type SignHttpOptions,
  signHttp,
  thumbprint,
  type VerifiedHttpSignature,
  type VerifyHttpOptions,
  verifyHttp,
} from "../../signing/index.ts";

const now = new Date("2026-01-02T03:04:05Z");
const seconds = now.getTime() / 1000;
const pair = generateKeyPairSync("ed25519");
const keyid = thumbprint(pair.publicKey);
const signer: HttpSignatureKey = { keyid, key: pair.privateKey };
const trusted: HttpSignatureKey = { keyid, key: pair.publicKey };
const shared: HttpSignatureKey = { keyid: "shared", key: createSecretKey(randomBytes(32)) };

const request: HttpRequest = {
  method: "POST",
  url: "https://example.com/hook?x=1",
  headers: {
    "Content-Type": "application/json",
    "Webhook-Id": "task-1",
    "Webhook-Timestamp": String(seconds),
  },
  body: Buffer.from('{"state":"SUCCESS"}'),
};
const response: HttpResponse = {
  status: 200,
  headers: { "content-type": "text/plain" },
  body: Buffer.from("done"),
  request,
};

function signed<M extends HttpMessage>(message: M, options: Partial<SignHttpOptions> = {}): M {
  const headers = signHttp(message, { key: signer, created: now, ...options });
  return { ...message, headers: { ...message.headers, ...headers } };
}

function verify(message: HttpMessage, options: Partial<VerifyHttpOptions> = {}): VerifiedHttpSignature {
  return verifyHttp(message, { keys: [trusted, shared], now, ...options });
}

/** The message with one header changed. */
function changed<M extends HttpMessage>(message: M, name: string, change: (value: string) => string): M {
  const value = message.headers[name];
  if (typeof value !== "string") throw new Error(`no ${name}`);
  const other = change(value);
  expect(other).not.toBe(value);
  return { ...message, headers: { ...message.headers, [name]: other } };
}

function refusal(code: string): unknown {
  return expect.objectContaining({ name: "DecodeError", code });
}

describe("a signed request", () => {
  it("has the profile's components and parameters", () => {
    const { headers } = signed(request, { nonce: "0123456789abcdef" });
    expect(headers["signature-input"]).toBe(
      `celery=("@method" "@target-uri" "content-digest" "content-type" "webhook-id" "webhook-timestamp")` +
        `;created=${seconds};expires=${seconds + 300};nonce="0123456789abcdef";keyid="${keyid}";tag="celery-gateway"`,
    );
    expect(headers["content-digest"]).toBe(contentDigest(request.body));
  });

  it.each([
    ["ed25519", signer],
    ["hmac-sha256", shared],
  ])("is verified with %s", (_name, key) => {
    const verified = verify(signed(request, { key, nonce: "0123456789abcdef" }));
    const expires = new Date(now.getTime() + 300_000);
    expect(verified).toEqual({ keyid: key.keyid, nonce: "0123456789abcdef", created: now, expires });
  });

  it("has a nonce of its own every time", () => {
    expect(verify(signed(request)).nonce).not.toBe(verify(signed(request)).nonce);
  });

  it.each<[string, (message: HttpRequest) => HttpMessage, string]>([
    ["method", (message) => ({ ...message, method: "PUT" }), "bad_signature"],
    ["host", (message) => ({ ...message, url: "https://example.org/hook?x=1" }), "bad_signature"],
    ["query", (message) => ({ ...message, url: "https://example.com/hook?x=2" }), "bad_signature"],
    ["scheme", (message) => ({ ...message, url: "http://example.com/hook?x=1" }), "bad_signature"],
    ["path", (message) => ({ ...message, url: "https://example.com/a/../hook?x=1" }), "bad_signature"],
    ["relative URL", (message) => ({ ...message, url: "/hook?x=1" }), "bad_signature"],
    ["body", (message) => ({ ...message, body: Buffer.from('{"state":"FAILURE"}') }), "bad_signature"],
    ["content type", (message) => changed(message, "Content-Type", () => "text/plain"), "bad_signature"],
    ["id", (message) => changed(message, "Webhook-Id", () => "task-2"), "bad_signature"],
    [
      "digest",
      (message) => changed(message, "content-digest", () => contentDigest(Buffer.of())),
      "bad_signature",
    ],
    ["digest's kind", (message) => changed(message, "content-digest", () => "md5=:AAAA:"), "bad_signature"],
    ["signature", (message) => changed(message, "signature", () => "celery=:AAAA:"), "bad_signature"],
    ["signature's type", (message) => changed(message, "signature", () => "celery=1"), "bad_signature"],
    ["signature's label", (message) => changed(message, "signature", (text) => `x${text}`), "unsigned"],
    ["signature, removed", (message) => changed(message, "signature", () => ""), "unsigned"],
    [
      "tag",
      (message) => changed(message, "signature-input", (text) => text.replace("celery-gateway", "x")),
      "unsigned",
    ],
    [
      "key",
      (message) => changed(message, "signature-input", (text) => text.replace(keyid, "x")),
      "key_unknown",
    ],
    [
      "key, for one of the other kind",
      (message) => changed(message, "signature-input", (text) => text.replace(keyid, "shared")),
      "bad_signature",
    ],
    [
      "algorithm",
      (message) => changed(message, "signature-input", (text) => `${text};alg="hmac-sha256"`),
      "alg_refused",
    ],
    [
      "nonce",
      (message) => changed(message, "signature-input", (text) => text.replace('nonce="', 'nonce="x')),
      "bad_signature",
    ],
    [
      "short nonce",
      (message) => changed(message, "signature-input", (text) => text.replace(/nonce="[^"]*/, 'nonce="x')),
      "bad_signature",
    ],
    [
      "lifetime",
      (message) =>
        changed(message, "signature-input", (text) =>
          text.replace(/expires=\d+/, `expires=${seconds + 301}`),
        ),
      "signature_expired",
    ],
    [
      "time without a number",
      (message) => changed(message, "signature-input", (text) => text.replace(/created=\d+/, "created")),
      "bad_signature",
    ],
    [
      "covered components",
      (message) => changed(message, "signature-input", (text) => text.replace('"webhook-id" ', "")),
      "bad_signature",
    ],
    [
      "covered components, one listed twice",
      (message) => changed(message, "signature-input", (text) => text.replace("(", '("@method" ')),
      "bad_signature",
    ],
    [
      "covered components, one unknown",
      (message) =>
        changed(message, "signature-input", (text) => text.replace("(", '("@query-param";name="x" ')),
      "bad_signature",
    ],
    ["syntax", (message) => changed(message, "signature-input", (text) => `${text},`), "bad_signature"],
    [
      "length",
      (message) => changed(message, "signature-input", (text) => text + " ".repeat(9000)),
      "bad_signature",
    ],
    [
      "number of signatures",
      (message) => changed(message, "signature-input", (text) => `a,b,c,d,e,f,g,h,${text}`),
      "bad_signature",
    ],
  ])("is refused with another %s", (_name, change, code) => {
    expect(() => verify(change(signed(request)))).toThrow(refusal(code));
  });

  it.each([
    [-360, "signature_expired"],
    [-300, "signature_expired"],
    [61, "signature_expired"],
    [360, "signature_expired"],
  ])("is refused when its time is %i s off", (offset, code) => {
    const created = new Date(now.getTime() + offset * 1000);
    expect(() => verify(signed(request, { created }))).toThrow(refusal(code));
  });

  it.each([-299, 60])("is taken when its time is %i s off", (offset) => {
    const created = new Date(now.getTime() + offset * 1000);
    expect(verify(signed(request, { created })).created).toEqual(created);
  });

  it("is refused when the clock here, or the skew, is no number", () => {
    const nothing = Number.NaN;
    expect(() => verify(signed(request), { now: new Date(nothing) })).toThrow(refusal("signature_expired"));
    expect(() => verify(signed(request), { skewSeconds: nothing })).toThrow(refusal("signature_expired"));
  });

  it("is refused when its key is not valid now", () => {
    const message = signed(request);
    expect(() => verify(message, { keys: [{ ...trusted, validUntil: now }] })).toThrow(
      refusal("key_unknown"),
    );
    const next = new Date(now.getTime() + 1);
    expect(() => verify(message, { keys: [{ ...trusted, validFrom: next }] })).toThrow(
      refusal("key_unknown"),
    );
    expect(verify(message, { keys: [{ ...trusted, validFrom: now, validUntil: next }] }).keyid).toBe(keyid);
  });

  it("may have several signatures, of which one has to be right", () => {
    const other: HttpSignatureKey = { keyid: "other", key: generateKeyPairSync("ed25519").privateKey };
    const first = signHttp(request, { key: other, created: now, label: "other" });
    const second = signHttp(request, { key: signer, created: now });
    const headers = {
      ...request.headers,
      "content-digest": first["content-digest"],
      "signature-input": [first["signature-input"], second["signature-input"]],
      signature: `${first.signature}, ${second.signature}`,
    };
    expect(verify({ ...request, headers }).keyid).toBe(keyid);
  });

  it("may cover more than it has to, and then vouches for that too", () => {
    const covered =
      '("x-more" "@method" "@target-uri" "content-digest" "content-type" "webhook-id" "webhook-timestamp")' +
      `;created=${seconds};expires=${seconds + 9};nonce="0123456789abcdef";keyid="${keyid}";alg="ed25519";tag="celery-gateway"`;
    const base = [
      '"x-more": 1, 2',
      '"@method": POST',
      '"@target-uri": https://example.com/hook?x=1',
      `"content-digest": ${contentDigest(request.body)}`,
      '"content-type": application/json',
      '"webhook-id": task-1',
      `"webhook-timestamp": ${seconds}`,
      `"@signature-params": ${covered}`,
    ].join("\n");
    const headers = {
      ...request.headers,
      "X-More": ["1 ", "2"],
      "Content-Digest": contentDigest(request.body),
      "Signature-Input": `sig1=${covered}`,
      Signature: `sig1=:${sign(null, Buffer.from(base), pair.privateKey).toString("base64")}:`,
    };
    expect(verify({ ...request, headers }).keyid).toBe(keyid);
    const other = { ...headers, "X-More": ["1", "3"] };
    expect(() => verify({ ...request, headers: other })).toThrow(refusal("bad_signature"));
  });
});

describe("a signed response", () => {
  it("is tied to its request", () => {
    const message = signed(response);
    expect(message.headers["signature-input"]).toContain(
      'celery=("@status" "content-digest" "@method";req "@target-uri";req);created=',
    );
    expect(verify(message).keyid).toBe(keyid);
    const elsewhere = { ...request, url: "https://example.com/other" };
    expect(() => verify({ ...message, request: elsewhere })).toThrow(refusal("bad_signature"));
    expect(() => verify({ ...message, status: 500 })).toThrow(refusal("bad_signature"));
  });

  it("cannot be passed off as a request, nor a request as a response", () => {
    const { headers } = signed(response);
    expect(() => verify({ ...request, headers: { ...request.headers, ...headers } })).toThrow(
      refusal("bad_signature"),
    );
    const ofRequest = signed(request).headers;
    expect(() => verify({ ...response, headers: ofRequest })).toThrow(refusal("bad_signature"));
  });

  it("answers Accept-Signature with its label and nonce", () => {
    const nonce = "abcdefghijklmnopqrst";
    const asked = requestedSignature(
      { "Accept-Signature": acceptSignature("response", { nonce, label: "sig1", keyid }) },
      "response",
    );
    expect(asked).toEqual({ label: "sig1", keyid, nonce });
    const message = signed(response, { nonce, label: asked?.label ?? "" });
    expect(verify(message, { nonce }).nonce).toBe(nonce);
    expect(() => verify(message, { nonce: "another nonce of the asker" })).toThrow(refusal("bad_signature"));
  });
});

describe("Accept-Signature", () => {
  it("makes up a nonce, and lists what a request covers", () => {
    const asked = requestedSignature({ "accept-signature": acceptSignature("request") }, "request");
    expect(asked).toEqual({ label: "celery", nonce: expect.stringMatching(/^[\w-]{22}$/) });
  });

  it.each([
    ["no wish", {}],
    ["another tag's", { "accept-signature": 'a=("@method");tag="x"' }],
    ["more than we cover", { "accept-signature": 'a=("cookie");tag="celery-gateway"' }],
    ["a nonce of another form", { "accept-signature": 'a=();nonce="\\"";tag="celery-gateway"' }],
  ])("passes over %s", (_name, headers) => {
    expect(requestedSignature(headers, "request")).toBeUndefined();
  });

  it("refuses what it cannot read", () => {
    expect(() => requestedSignature({ "accept-signature": "(" }, "request")).toThrow(
      refusal("bad_signature"),
    );
  });
});

describe("signing", () => {
  it.each<[string, HttpMessage, Partial<SignHttpOptions>, string]>([
    [
      "without an id",
      { ...request, headers: { "content-type": "x", "webhook-timestamp": "1" } },
      {},
      '"webhook-id"',
    ],
    ["with a relative URL", { ...request, url: "/hook" }, {}, "absolute"],
    [
      "with a URL that is written otherwise",
      { ...request, url: "https://EXAMPLE.com" },
      {},
      "new URL(url).href",
    ],
    [
      "with a line break in a header",
      { ...request, headers: { ...request.headers, "webhook-id": "a\nb" } },
      {},
      "other than ASCII",
    ],
    ["twice", signed(request), {}, "content-digest header"],
    ["with a label that is none", request, { label: 'x="' }, "label"],
    ["with a nonce that is none", request, { nonce: "x" }, "nonce"],
    ["for longer than verifiers take", request, { lifetimeSeconds: 301 }, "lifetimeSeconds"],
    ["with a public key", request, { key: trusted }, "only verifies"],
    [
      "with a short secret",
      request,
      { key: { keyid: "k", key: createSecretKey(Buffer.alloc(31)) } },
      "32 bytes or more",
    ],
    [
      "with RSA",
      request,
      { key: { keyid: "k", key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey } },
      "not rsa",
    ],
  ])("fails %s", (_name, message, options, problem) => {
    expect(() => signHttp(message, { key: signer, created: now, ...options })).toThrow(problem);
  });
});

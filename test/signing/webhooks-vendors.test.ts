import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type HttpHeaders, WEBHOOK_VERIFIERS, type WebhookVerifier } from "../../signing/index.ts";

const now = new Date("2026-01-02T03:04:05Z");
const seconds = now.getTime() / 1000;
const secrets = ["the old secret", "the new secret"];
const [old = "", fresh = ""] = secrets;

/** What the sender computes, apart from our code. */
function mac(secret: string, content: string, algorithm = "sha256"): Buffer {
  return createHmac(algorithm, secret).update(content).digest();
}

function refusal(code: string): unknown {
  return expect.objectContaining({ name: "DecodeError", code });
}

function accepts(verifier: WebhookVerifier, headers: HttpHeaders, body: string): string {
  return verifier.verify({ headers, body: Buffer.from(body), now }).id;
}

describe("GitHub", () => {
  const verifier = WEBHOOK_VERIFIERS.github({ secrets });
  const body = '{"zen":"Keep it logically awesome."}';
  const headersBy = (secret: string) => ({
    "x-hub-signature-256": `sha256=${mac(secret, body).toString("hex")}`,
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  });

  it("takes the old and the new secret", () => {
    for (const secret of secrets) expect(accepts(verifier, headersBy(secret), body)).toMatch(/^sha256-/);
    expect(() => accepts(verifier, headersBy("another"), body)).toThrow(refusal("bad_signature"));
  });

  it("gives a webhook that is sent again its id, whatever delivery id it claims to have", () => {
    const again = { ...headersBy(old), "x-github-delivery": "00000000-0000-0000-0000-000000000000" };
    expect(accepts(verifier, again, body)).toBe(accepts(verifier, headersBy(old), body));
  });

  it.each([
    ["nothing", {}, "unsigned"],
    ["SHA-1", { "x-hub-signature": `sha1=${mac(old, body, "sha1").toString("hex")}` }, "alg_refused"],
    [
      "SHA-1 in the place of SHA-256",
      { "x-hub-signature-256": `sha1=${mac(old, body, "sha1").toString("hex")}` },
      "bad_signature",
    ],
    ["no prefix", { "x-hub-signature-256": mac(old, body).toString("hex") }, "bad_signature"],
    ["base64", { "x-hub-signature-256": `sha256=${mac(old, body).toString("base64")}` }, "bad_signature"],
    [
      "half of it",
      { "x-hub-signature-256": headersBy(old)["x-hub-signature-256"].slice(0, 39) },
      "bad_signature",
    ],
    ["more of it", { "x-hub-signature-256": `${headersBy(old)["x-hub-signature-256"]}00` }, "bad_signature"],
    ["no digits at all", { "x-hub-signature-256": "sha256=☃" }, "bad_signature"],
  ])("refuses %s", (_name, headers, code) => {
    expect(() => accepts(verifier, headers, body)).toThrow(refusal(code));
  });
});

describe("Stripe", () => {
  const verifier = WEBHOOK_VERIFIERS.stripe({ secrets });
  const body = '{"id":"evt_1","object":"event"}';
  const v1 = (secret: string, at = seconds, text = body) => mac(secret, `${at}.${text}`).toString("hex");
  const header = (value: string) => ({ "Stripe-Signature": value });

  it("takes any v1 of several, with either secret, and returns the event's id", () => {
    expect(accepts(verifier, header(`t=${seconds},v1=${v1(fresh)}`), body)).toBe("evt_1");
    const rolled = `t=${seconds},v1=${v1("another")},v1=${v1(old)},v0=${"0".repeat(64)}`;
    expect(accepts(verifier, header(rolled), body)).toBe("evt_1");
  });

  it("gives an event without an id one of its own", () => {
    for (const text of ["[]", "null", "not JSON", '{"id":5}', '{"id":""}']) {
      const signed = header(`t=${seconds},v1=${v1(old, seconds, text)}`);
      expect(accepts(verifier, signed, text)).toMatch(/^sha256-/);
    }
  });

  it.each([
    ["nothing", {}, "unsigned"],
    ["v0 alone", header(`t=${seconds},v0=${v1(old)}`), "alg_refused"],
    ["no time", header(`v1=${v1(old)}`), "bad_signature"],
    ["two times", header(`t=${seconds},t=${seconds - 9999},v1=${v1(old)}`), "bad_signature"],
    ["a time that is not the signed one", header(`t=${seconds + 1},v1=${v1(old)}`), "bad_signature"],
    ["a time 6 minutes ago", header(`t=${seconds - 360},v1=${v1(old, seconds - 360)}`), "signature_expired"],
    [
      "a time 6 minutes ahead",
      header(`t=${seconds + 360},v1=${v1(old, seconds + 360)}`),
      "signature_expired",
    ],
    ["many items", header(`t=${seconds}${`,v1=${"0".repeat(64)}`.repeat(16)}`), "bad_signature"],
    ["another body's", header(`t=${seconds},v1=${v1(old, seconds, "{}")}`), "bad_signature"],
  ])("refuses %s", (_name, headers, code) => {
    expect(() => accepts(verifier, headers, body)).toThrow(refusal(code));
  });
});

describe("Slack", () => {
  const verifier = WEBHOOK_VERIFIERS.slack({ secrets });
  const body = '{"event_id":"Ev1","type":"event_callback"}';
  const headersBy = (secret: string, at = seconds) => ({
    "x-slack-request-timestamp": String(at),
    "x-slack-signature": `v0=${mac(secret, `v0:${at}:${body}`).toString("hex")}`,
  });

  it("takes the old and the new secret, and returns the event's id", () => {
    for (const secret of secrets) expect(accepts(verifier, headersBy(secret), body)).toBe("Ev1");
  });

  it.each([
    ["nothing", {}, "unsigned"],
    ["no time", { ...headersBy(old), "x-slack-request-timestamp": undefined }, "unsigned"],
    ["another time", { ...headersBy(old), "x-slack-request-timestamp": `${seconds - 1}` }, "bad_signature"],
    ["a time 6 minutes ago", headersBy(old, seconds - 360), "signature_expired"],
    ["a time 6 minutes ahead", headersBy(old, seconds + 360), "signature_expired"],
    ["another version", { ...headersBy(old), "x-slack-signature": "v1=00" }, "alg_refused"],
    ["another secret's", headersBy("another"), "bad_signature"],
  ])("refuses %s", (_name, headers, code) => {
    expect(() => accepts(verifier, headers, body)).toThrow(refusal(code));
  });
});

describe("HMAC of one's own", () => {
  const body = "any bytes";

  it("reads SHA-512 in base64 behind a prefix", () => {
    const verifier = WEBHOOK_VERIFIERS.hmac({
      secrets,
      header: "X-Signature",
      algorithm: "sha512",
      encoding: "base64",
      prefix: "hmac ",
    });
    const signature = mac(fresh, body, "sha512").toString("base64");
    expect(accepts(verifier, { "x-signature": `hmac ${signature}` }, body)).toMatch(/^sha256-/);
    for (const wrong of [
      signature,
      `hmac ${signature.slice(1)}`,
      `hmac ${mac(fresh, body).toString("base64")}`,
    ]) {
      expect(() => accepts(verifier, { "x-signature": wrong }, body)).toThrow(refusal("bad_signature"));
    }
  });

  it("signs the time as well when there is one", () => {
    const verifier = WEBHOOK_VERIFIERS.hmac({
      secrets,
      header: "x-signature",
      timestamp: { header: "x-time", separator: ":" },
      toleranceSeconds: 10,
    });
    const headersAt = (at: number) => ({
      "x-signature": mac(old, `${at}:${body}`).toString("hex"),
      "x-time": String(at),
    });
    const verified = verifier.verify({ headers: headersAt(seconds), body: Buffer.from(body), now });
    expect(verified.timestamp).toEqual(now);
    expect(() => accepts(verifier, headersAt(seconds - 11), body)).toThrow(refusal("signature_expired"));
    const moved = { ...headersAt(seconds - 1), "x-time": String(seconds) };
    expect(() => accepts(verifier, moved, body)).toThrow(refusal("bad_signature"));
  });

  it("refuses to be set up without a secret", () => {
    expect(() => WEBHOOK_VERIFIERS.hmac({ secrets: [], header: "x" })).toThrow("takes 1 to 8 secrets");
    expect(() => WEBHOOK_VERIFIERS.hmac({ secrets: [""], header: "x" })).toThrow("empty");
  });
});

import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  generateWebhookKeyPair,
  generateWebhookSecret,
  type HttpHeaders,
  type SignWebhookOptions,
  signWebhook,
  type TimedSecret,
  type VerifiedWebhook,
  WEBHOOK_VERIFIERS,
} from "../../signing/index.ts";

const now = new Date("2026-01-02T03:04:05Z");
const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
const { privateKey, publicKey } = generateWebhookKeyPair();
/** Bytes that are no UTF-8, and change when they are taken for text. */
const body = Buffer.from([0x7b, 0xff, 0x00, 0xc3, 0x28, 0x7d]);

function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

function signed(options: Partial<SignWebhookOptions> = {}): Record<string, string> {
  return signWebhook(body, { id: "task-1", secrets: [secret], timestamp: now, ...options });
}

function verify(
  headers: HttpHeaders,
  secrets: readonly (string | TimedSecret)[] = [secret],
  at: Date = now,
): VerifiedWebhook {
  return WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets }).verify({ headers, body, now: at });
}

function refusal(code: string): unknown {
  return expect.objectContaining({ name: "DecodeError", code });
}

describe("signWebhook", () => {
  it("signs the bytes of the body with the bytes of the secret", () => {
    const seconds = now.getTime() / 1000;
    const expected = createHmac("sha256", Buffer.alloc(24, 7)).update(`task-1.${seconds}.`).update(body);
    expect(signed()).toEqual({
      "webhook-id": "task-1",
      "webhook-timestamp": String(seconds),
      "webhook-signature": `v1,${expected.digest("base64")}`,
    });
  });

  it.each(["", "a.1", "a b", "é", "a\n", "x".repeat(256)])("refuses the id %j", (id) => {
    expect(() => signed({ id })).toThrow(expect.objectContaining({ code: "unencodable" }));
  });

  it("needs a secret that is valid, and can sign", () => {
    const expired = { secret, validUntil: now };
    expect(() => signed({ secrets: [expired] })).toThrow("No webhook secret is valid");
    expect(() => signed({ secrets: [] })).toThrow("takes 1 to 8 secrets");
    expect(() => signed({ secrets: [publicKey] })).toThrow("only verifies");
  });
});

describe("the Standard Webhooks verifier", () => {
  it("finds the headers in any case, and says what was signed", () => {
    const headers = signed();
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect(verify(upper)).toEqual({ id: "task-1", timestamp: now });
  });

  it("verifies Ed25519 with the public key alone", () => {
    expect(verify(signed({ secrets: [privateKey] }), [publicKey]).id).toBe("task-1");
  });

  it("takes one signature of several, and passes over versions that it does not know", () => {
    const headers = signed({ secrets: [generateWebhookSecret(), privateKey, secret] });
    const [first, second, third] = headers["webhook-signature"]?.split(" ") ?? [];
    const list = `v2,AAAA nonsense ${first} ${second} v1,%%% ${third}`;
    expect(verify({ ...headers, "webhook-signature": list }).id).toBe("task-1");
    expect(verify({ ...headers, "webhook-signature": list }, [publicKey]).id).toBe("task-1");
  });

  it.each([-300, 300])("takes a timestamp that is %i s off", (offset) => {
    expect(verify(signed({ timestamp: later(offset) })).id).toBe("task-1");
  });

  it.each([-360, -301, 301, 360])("refuses a timestamp that is %i s off", (offset) => {
    expect(() => verify(signed({ timestamp: later(offset) }))).toThrow(refusal("signature_expired"));
  });

  it("refuses everything when its clock or tolerance is no number", () => {
    const options = { secrets: [secret], toleranceSeconds: Number.NaN };
    const verifier = WEBHOOK_VERIFIERS["standard-webhooks"](options);
    expect(() => verifier.verify({ headers: signed(), body, now })).toThrow(refusal("signature_expired"));
    expect(() => verify(signed(), [secret], new Date(Number.NaN))).toThrow(refusal("signature_expired"));
  });

  it.each([
    ["no signature", { "webhook-signature": undefined }, "unsigned"],
    ["an empty signature", { "webhook-signature": "" }, "unsigned"],
    ["no id", { "webhook-id": undefined }, "unsigned"],
    ["no timestamp", { "webhook-timestamp": undefined }, "unsigned"],
    ["another id", { "webhook-id": "task-2" }, "bad_signature"],
    ["an id with a dot", { "webhook-id": "task-1.5" }, "bad_signature"],
    ["another timestamp", { "webhook-timestamp": String(now.getTime() / 1000 + 1) }, "bad_signature"],
    ["a timestamp in words", { "webhook-timestamp": "hello" }, "bad_signature"],
    ["a timestamp with a fraction", { "webhook-timestamp": "1767323045.5" }, "bad_signature"],
    ["two timestamps", { "webhook-timestamp": ["1767323045", "1767323045"] }, "bad_signature"],
    ["a header in two cases", { "Webhook-Id": "task-1" }, "bad_signature"],
    ["only other versions", { "webhook-signature": "v1a,AAAA v0,AAAA" }, "alg_refused"],
    ["17 signatures", { "webhook-signature": Array(17).fill("v1,AAAA").join(" ") }, "bad_signature"],
    ["a very long header", { "webhook-signature": `v1,${"A".repeat(5000)}` }, "bad_signature"],
  ])("refuses %s", (_name, change, code) => {
    expect(() => verify({ ...signed(), ...change })).toThrow(refusal(code));
  });

  it.each(["v1,", "v1,AAAA", `v1,${"A".repeat(1000)}`, "v1,é☃", "v1,\u0000"])(
    "compares a signature of another length or alphabet without an accident: %j",
    (signature) => {
      expect(() => verify({ ...signed(), "webhook-signature": signature })).toThrow(
        expect.objectContaining({ name: "DecodeError" }),
      );
    },
  );

  it("says nothing of the secret or the right signature in its errors", () => {
    const headers = signed();
    const right = headers["webhook-signature"]?.slice(3) ?? "";
    try {
      verify({ ...headers, "webhook-id": "task-2" });
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(right);
      expect(String(error)).not.toContain(secret.slice(6));
    }
  });
});

describe("changing secrets", () => {
  const old = { secret: generateWebhookSecret(), validUntil: later(3600) };
  const next = { secret: generateWebhookSecret(), validFrom: now };

  it("signs with all that are valid, so that either end can go first", () => {
    const headers = signed({ secrets: [old, next] });
    expect(verify(headers, [old.secret]).id).toBe("task-1");
    expect(verify(headers, [next.secret]).id).toBe("task-1");
    expect(signed({ secrets: [old, next], timestamp: later(-1) })["webhook-signature"]).not.toContain(" ");
  });

  it("verifies both in the overlap, and only one outside of it", () => {
    const byOld = (at: Date) => signed({ secrets: [old.secret], timestamp: at });
    const byNext = (at: Date) => signed({ secrets: [next.secret], timestamp: at });
    for (const by of [byOld, byNext]) expect(verify(by(now), [old, next]).id).toBe("task-1");
    expect(() => verify(byNext(later(-1)), [old, next], later(-1))).toThrow(refusal("bad_signature"));
    expect(() => verify(byOld(later(3600)), [old, next], later(3600))).toThrow(refusal("bad_signature"));
    expect(() => verify(byOld(later(3600)), [old], later(3600))).toThrow(refusal("key_unknown"));
  });
});

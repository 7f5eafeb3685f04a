/** Signed requests (RFC 9421): what is covered, how old, how often; and comparing without telling anything by time. */
import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isSecret } from "../../gateway/access/credential.ts";
import { digestOf, makeKeyText } from "../../gateway/access/key-text.ts";
import {
  generateWebhookKeyPair,
  type HttpSignatureKey,
  parseWebhookSecret,
  type SignHttpOptions,
  signHttp,
} from "../../signing/index.ts";
import { type AccessPlace, openAccess, openAnother } from "./access-place.ts";
import { read } from "./place.ts";

interface Signed {
  readonly url: string;
  readonly init: RequestInit & { readonly headers: Record<string, string> };
}

/** A request as a caller signs it. */
function signed(
  url: string,
  key: HttpSignatureKey,
  {
    body = '{"task":"t"}',
    method = "POST",
    ...options
  }: Partial<SignHttpOptions> & { body?: string; method?: string } = {},
): Signed {
  const headers = {
    "content-type": "application/json",
    "webhook-id": "r1",
    "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
  };
  const added = signHttp({ method, url, headers, body: Buffer.from(body) }, { key, ...options });
  return { url, init: { method, headers: { ...headers, ...added }, ...(method === "GET" ? {} : { body }) } };
}

async function hmacKey({ gateway }: AccessPlace, expiresAtMs?: number): Promise<HttpSignatureKey> {
  const made = await gateway.apiKeys?.create({
    name: "signer",
    proof: "hmac",
    ...(expiresAtMs && { expiresAtMs }),
  });
  return { keyid: made?.record.id ?? "", key: parseWebhookSecret(made?.secret ?? "") };
}

const send = ({ url, init }: Signed): Promise<Response> => fetch(url, init);

describe("signed requests", () => {
  it("get in with a shared secret, and with a key of the caller's own", async () => {
    const place = await openAccess();
    const url = `${place.url}/v1/tasks`;
    expect((await send(signed(url, await hmacKey(place)))).status).toBe(202);
    const pair = generateWebhookKeyPair();
    const made = await place.gateway.apiKeys?.create({
      name: "ed",
      proof: "ed25519",
      publicKey: pair.publicKey,
    });
    const key = { keyid: made?.record.id ?? "", key: parseWebhookSecret(pair.privateKey) };
    expect((await send(signed(url, key))).status).toBe(202);
    expect((await send(signed(`${url}?limit=1`, key, { method: "GET", body: "" }))).status).toBe(200);
    expect(JSON.stringify(made)).not.toContain(pair.privateKey);
  });

  it("count once, at whichever gateway", async () => {
    const here = await openAccess({ access: { publicUrl: "https://tasks.example" } });
    const there = await openAnother(here, { publicUrl: "https://tasks.example" });
    const request = signed("https://tasks.example/v1/tasks", await hmacKey(here));
    const answers = await Promise.all(
      [here, there, here, there].map(({ url }) => fetch(`${url}/v1/tasks`, request.init)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 401, 401, 401]);
    const again = await read(fetch(`${here.url}/v1/tasks`, request.init));
    expect(again.body["type"]).toBe("/problems/stale-signature");
  });

  const CHANGES: Readonly<Record<string, (request: Signed) => Signed>> = {
    "another body": ({ url, init }) => ({ url, init: { ...init, body: '{"task":"u"}' } }),
    "another path": ({ url, init }) => ({ url: `${url}:batch`, init }),
    "a query": ({ url, init }) => ({ url: `${url}?x=1`, init }),
    "another type": (request) => withHeader(request, "content-type", "application/json; charset=utf-8"),
    "another id": (request) => withHeader(request, "webhook-id", "r2"),
    "another digest": (request) => withHeader(request, "content-digest", "sha-256=:AAAA:"),
    "a later end": (request) =>
      withHeader(
        request,
        "signature-input",
        String(request.init.headers["signature-input"]).replace(/expires=(\d+)/, "expires=$10"),
      ),
    "another nonce": (request) =>
      withHeader(
        request,
        "signature-input",
        String(request.init.headers["signature-input"]).replace(/nonce="[^"]*"/, 'nonce="AAAAAAAAAAAAAAAA"'),
      ),
    "a short signature": (request) => withHeader(request, "signature", "celery=:AAAA:"),
    "a long signature": (request) => withHeader(request, "signature", `celery=:${"A".repeat(2000)}:`),
    "an empty signature": (request) => withHeader(request, "signature", "celery=::"),
    "a broken signature": (request) => withHeader(request, "signature", "celery=("),
    "a broken input": (request) => withHeader(request, "signature-input", "((("),
    "no key id": (request) =>
      withHeader(
        request,
        "signature-input",
        String(request.init.headers["signature-input"]).replace(/;keyid="[^"]*"/, ""),
      ),
  };

  it.each(Object.keys(CHANGES))("with %s are 401", async (name) => {
    const place = await openAccess();
    const request = signed(`${place.url}/v1/tasks`, await hmacKey(place));
    const answer = await send(CHANGES[name]?.(request) ?? request);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
  });

  it.each([
    [
      "wrong secret",
      (key: HttpSignatureKey) => ({ ...key, key: createSecretKey(randomBytes(32)) }),
      "bad-signature",
    ],
    ["unknown key", (key: HttpSignatureKey) => ({ ...key, keyid: "0".repeat(16) }), "bad-signature"],
    [
      "key id that is a path",
      (key: HttpSignatureKey) => ({ ...key, keyid: "../../etc/passwd" }),
      "bad-signature",
    ],
    ["empty key id", (key: HttpSignatureKey) => ({ ...key, keyid: "" }), "bad-signature"],
  ])("with a %s are 401", async (_what, change, type) => {
    const place = await openAccess();
    const key = change(await hmacKey(place));
    const answer = await read(send(signed(`${place.url}/v1/tasks`, key)));
    expect([answer.status, answer.body["type"]]).toEqual([401, `/problems/${type}`]);
  });

  it.each([
    ["too old", -400_000],
    ["from the future", 200_000],
  ])("that are %s are stale", async (_what, ms) => {
    const place = await openAccess();
    const key = await hmacKey(place);
    const answer = await read(
      send(signed(`${place.url}/v1/tasks`, key, { created: new Date(Date.now() + ms) })),
    );
    expect([answer.status, answer.body["type"]]).toEqual([401, "/problems/stale-signature"]);
  });

  it("of a key that has expired or was revoked are 401", async () => {
    const place = await openAccess();
    const key = await hmacKey(place);
    expect((await send(signed(`${place.url}/v1/tasks`, key))).status).toBe(202);
    await place.gateway.apiKeys?.revoke(key.keyid);
    expect((await send(signed(`${place.url}/v1/tasks`, key))).status).toBe(401);
    const expired = await hmacKey(place, Date.now() - 1);
    expect((await send(signed(`${place.url}/v1/tasks`, expired))).status).toBe(401);
  });

  it("cannot be made with what an ordinary key leaves in the state", async () => {
    const place = await openAccess();
    const text = await place.key();
    const [, keyid = ""] = text.split("_");
    for (const key of [digestOf(text), Buffer.from(digestOf(text).toString("hex")), Buffer.from(text)].map(
      (bytes) => createSecretKey(bytes),
    )) {
      expect((await send(signed(`${place.url}/v1/tasks`, { keyid, key }))).status).toBe(401);
    }
  });

  it("and a signing credential is no bearer's", async () => {
    const place = await openAccess();
    const { keyid } = await hmacKey(place);
    const { text } = makeKeyText();
    expect((await place.as(text.replace(/_[0-9a-f]{16}_/, `_${keyid}_`), "/v1/tasks")).status).toBe(401);
  });
});

function withHeader({ url, init }: Signed, name: string, value: string): Signed {
  return { url, init: { ...init, headers: { ...init.headers, [name]: value } } };
}

describe("comparing secrets", () => {
  const { text } = makeKeyText();
  const digest = digestOf(text);

  it.each(["", "x", text.slice(0, -1), `${text}0`, "x".repeat(100_000)])(
    "takes text of any length: %#",
    (given) => {
      expect(isSecret(given, digest)).toBe(false);
      expect(isSecret(text, digest)).toBe(true);
    },
  );

  /**
   * Each round times both kinds of guesses one after the other, in an order that changes; the sign of the difference is
   * counted. If the times do not differ, the count is that of a coin, and leaves the bounds once in millions of runs.
   */
  function signsOf(compare: (guess: string) => boolean, near: string, far: string): number {
    const [rounds, each] = [250, 200];
    let nearSlower = 0;
    const time = (guess: string): number => {
      const start = process.hrtime.bigint();
      for (let at = 0; at < each; at += 1) compare(guess);
      return Number(process.hrtime.bigint() - start);
    };
    for (let warm = 0; warm < 20; warm += 1) time(warm % 2 === 0 ? near : far);
    for (let round = 0; round < rounds; round += 1) {
      const isNearFirst = round % 2 === 0;
      const first = time(isNearFirst ? near : far);
      const second = time(isNearFirst ? far : near);
      if (isNearFirst ? first > second : second > first) nearSlower += 1;
    }
    return (nearSlower - rounds / 2) / Math.sqrt(rounds / 4);
  }

  it("tells nothing of how much of a guess is right: 100 000 tries", () => {
    const far = `x${text.slice(1, -1)}x`;
    const near = `${text.slice(0, -1)}x`;
    expect(Math.abs(signsOf((guess) => isSecret(guess, digest), near, far))).toBeLessThan(5);
  });
});

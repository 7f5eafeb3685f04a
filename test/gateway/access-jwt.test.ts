/** JSON Web Tokens: those that are right, and what forgers try. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { JwtOptions } from "../../gateway/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { type AccessPlace, openAccess, posted } from "./access-place.ts";
import { read } from "./place.ts";

const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const EC = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ED = generateKeyPairSync("ed25519");
const STRANGER = generateKeyPairSync("rsa", { modulusLength: 2048 });

const jwk = ({ publicKey }: { readonly publicKey: KeyObject }, kid: string, alg: string): object => ({
  ...publicKey.export({ format: "jwk" }),
  ...{ kid, alg, use: "sig" },
});
const JWKS = { keys: [jwk(RSA, "rsa", "RS256"), jwk(EC, "ec", "ES256"), jwk(ED, "ed", "EdDSA")] };
const ISSUER = "https://login.example";
const AUDIENCE = "tasks";

type Members = Readonly<Record<string, unknown>>;

function base64(value: string | Buffer | Members): string {
  const bytes = typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value);
  return Buffer.from(bytes).toString("base64url");
}

function claims(changes: Members = {}): Members {
  const now = Math.floor(Date.now() / 1000);
  const right = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "alice",
    exp: now + 300,
    nbf: now - 10,
    scope: "tasks:read tasks:submit",
  };
  return Object.fromEntries(
    Object.entries({ ...right, ...changes }).filter(([, value]) => value !== undefined),
  );
}

const rsaSha256 = (input: string, key: KeyObject = RSA.privateKey): Buffer =>
  sign("sha256", Buffer.from(input), key);

function token(
  payload: Members = claims(),
  header: Members = { alg: "RS256", kid: "rsa" },
  signer: (input: string) => Buffer = rsaSha256,
): string {
  const input = `${base64(header)}.${base64(payload)}`;
  return `${input}.${base64(signer(input))}`;
}

const PEM = RSA.publicKey.export({ type: "spki", format: "pem" });
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** What must not get in: a name, and how it is made. */
const FORGED: Readonly<Record<string, () => string>> = {
  "alg none": () => token(claims(), { alg: "none" }, () => Buffer.alloc(0)),
  "alg none with a kid and a signature": () => token(claims(), { alg: "none", kid: "rsa" }),
  "alg NONE": () => token(claims(), { alg: "NONE" }, () => Buffer.alloc(0)),
  "no alg": () => token(claims(), { kid: "rsa" }),
  "alg as a list": () => token(claims(), { alg: ["RS256"], kid: "rsa" }),
  "HS256 with the RSA key's PEM": () =>
    token(claims(), { alg: "HS256", kid: "rsa" }, (input) =>
      createHmac("sha256", PEM).update(input).digest(),
    ),
  "HS256 with the RSA key's modulus": () =>
    token(claims(), { alg: "HS256", kid: "rsa" }, (input) =>
      createHmac("sha256", String(RSA.publicKey.export({ format: "jwk" }).n))
        .update(input)
        .digest(),
    ),
  "HS256 with nothing": () =>
    token(claims(), { alg: "HS256" }, (input) => createHmac("sha256", "").update(input).digest()),
  "another RSA digest than the key's": () =>
    token(claims(), { alg: "RS512", kid: "rsa" }, (input) =>
      sign("sha512", Buffer.from(input), RSA.privateKey),
    ),
  "the name of another key": () => token(claims(), { alg: "RS256", kid: "ec" }),
  "ES256 named, RSA signed": () => token(claims(), { alg: "ES256", kid: "ec" }),
  "an ES256 signature of zeros": () => token(claims(), { alg: "ES256", kid: "ec" }, () => Buffer.alloc(64)),
  "an ES256 signature in DER": () =>
    token(claims(), { alg: "ES256", kid: "ec" }, (input) =>
      sign("sha256", Buffer.from(input), EC.privateKey),
    ),
  "a kid that is a path": () => token(claims(), { alg: "RS256", kid: "../../../../dev/null" }),
  "a kid that is SQL": () => token(claims(), { alg: "RS256", kid: "x' UNION SELECT 'key' --" }),
  "a kid that is a number": () => token(claims(), { alg: "RS256", kid: 1 }),
  "a kid that is a prototype's": () => token(claims(), { alg: "RS256", kid: "__proto__" }),
  "a stranger's key": () => token(claims(), undefined, (input) => rsaSha256(input, STRANGER.privateKey)),
  "a stranger's key in jwk": () =>
    token(claims(), { alg: "RS256", jwk: STRANGER.publicKey.export({ format: "jwk" }) }, (input) =>
      rsaSha256(input, STRANGER.privateKey),
    ),
  "an extension that is critical": () => token(claims(), { alg: "RS256", kid: "rsa", crit: ["x"], x: 1 }),
  "unencoded content": () => token(claims(), { alg: "RS256", kid: "rsa", b64: false, crit: ["b64"] }),
  expired: () => token(claims({ exp: inSeconds(-60) })),
  "no exp": () => token(claims({ exp: undefined })),
  "exp as text": () => token(claims({ exp: String(inSeconds(300)) })),
  "exp null": () => token(claims({ exp: null })),
  "not valid yet": () => token(claims({ nbf: inSeconds(120) })),
  "nbf as text": () => token(claims({ nbf: "0" })),
  "another audience": () => token(claims({ aud: "other" })),
  "no audience": () => token(claims({ aud: undefined })),
  "an audience that only begins so": () => token(claims({ aud: ["tasks2", "xtasks"] })),
  "another issuer": () => token(claims({ iss: `${ISSUER}.evil` })),
  "no issuer": () => token(claims({ iss: undefined })),
  "no subject": () => token(claims({ sub: undefined })),
  "an empty subject": () => token(claims({ sub: "" })),
  "a tenant that is none": () => token(claims({ tenant: "a:b" })),
  "a tenant that is a list": () => token(claims({ tenant: ["a"] })),
  "a binding to a certificate that is not there": () =>
    token(claims({ cnf: { "x5t#S256": "A".repeat(43) } })),
  "a binding of another kind": () => token(claims({ cnf: { jkt: "A".repeat(43) } })),
  "a flipped claim": () => {
    const [header, , signature] = token().split(".");
    return `${header}.${base64(claims({ sub: "bob" }))}.${signature}`;
  },
  "no signature": () => token().replace(/[^.]*$/, ""),
  "two parts": () => token().split(".").slice(0, 2).join("."),
  "four parts": () => `${token()}.x`,
  "five parts, as when encrypted": () => "e30.e30.e30.e30.e30",
  padding: () => `${token()}==`,
  "a claim set that is a list": () => {
    const input = `${base64({ alg: "RS256", kid: "rsa" })}.${base64("[]")}`;
    return `${input}.${base64(rsaSha256(input))}`;
  },
  "no JSON": () => {
    const input = `${base64("{")}.${base64("{")}`;
    return `${input}.${base64(rsaSha256(input))}`;
  },
  "a header twice as deep as sense": () =>
    token(claims(), { alg: "RS256", kid: "rsa", x: "y".repeat(6000) }, () => Buffer.alloc(256)),
  nothing: () => "..",
};

let issuer: string;
/** How often the issuer was asked for its keys; and how often anything else was asked of it. */
let fetched = 0;
let strayed = 0;
let answer: () => string = () => JSON.stringify(JWKS);
const server = createServer((req, res) => {
  if (req.url !== "/jwks") strayed += 1;
  else fetched += 1;
  if (req.url === "/redirect") res.writeHead(302, { location: "/jwks" });
  res.end(req.url === "/huge" ? `{"keys":[],"x":"${"x".repeat(300_000)}"}` : answer());
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

function openIssuer(changes: Partial<JwtOptions> = {}): Promise<AccessPlace> {
  const jwt = { jwks: `${issuer}/jwks`, issuer: ISSUER, audience: AUDIENCE, ...changes };
  return openAccess({ access: { jwt, failuresPerMinute: 0 } });
}

describe("tokens", () => {
  it("that are right get in, whatever they are signed with", async () => {
    const { as } = await openIssuer();
    const es256 = (input: string): Buffer =>
      sign("sha256", Buffer.from(input), { key: EC.privateKey, dsaEncoding: "ieee-p1363" });
    const ed25519 = (input: string): Buffer => sign(null, Buffer.from(input), ED.privateKey);
    for (const right of [
      token(),
      token(claims({ aud: ["x", AUDIENCE] })),
      token(claims({ nbf: undefined })),
      token(claims(), { alg: "ES256", kid: "ec" }, es256),
      token(claims(), { alg: "EdDSA", kid: "ed" }, ed25519),
      // One key fits without a name.
      token(claims(), { alg: "RS256", typ: "at+jwt" }),
    ]) {
      expect((await as(right, "/v1/tasks")).status).toBe(200);
    }
  });

  it.each(Object.keys(FORGED))("with %s are 401", async (name) => {
    const { as } = await openIssuer();
    const refused = await read(as(FORGED[name]?.() ?? "", "/v1/tasks"));
    expect(refused.status).toBe(401);
    expect(refused.body["type"]).toBe("/problems/unauthenticated");
  });

  it("whose signature has any bit flipped are 401", async () => {
    const { as } = await openIssuer();
    const [header, payload, signature = ""] = token().split(".");
    const bytes = Buffer.from(signature, "base64url");
    for (let at = 0; at < bytes.length; at += 8) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ (1 << (at % 8));
      expect((await as(`${header}.${payload}.${base64(wrong)}`, "/v1/tasks")).status).toBe(401);
    }
  });

  it("never make the gateway ask elsewhere", async () => {
    const { as } = await openIssuer();
    expect((await as(token(), "/v1/tasks")).status).toBe(200);
    const before = [fetched, strayed];
    for (const header of [
      { jku: `${issuer}/evil` },
      { x5u: `${issuer}/evil` },
      { jku: `${issuer}/evil`, kid: "unknown" },
      { jwk: STRANGER.publicKey.export({ format: "jwk" }), kid: "unknown" },
    ]) {
      const forged = token(claims({ iss: `${issuer}/evil` }), { alg: "RS256", ...header }, (input) =>
        rsaSha256(input, STRANGER.privateKey),
      );
      expect((await as(forged, "/v1/tasks")).status).toBe(401);
    }
    // Unknown key ids do not make it ask again either, so soon.
    expect([fetched, strayed]).toEqual(before);
  });

  it("have the scopes and the tenant of their claims, within what is configured", async () => {
    const { as } = await openIssuer({
      policy: { submit: ["shop.*"], scopes: ["tasks:read", "tasks:submit"], read: "tenant" },
    });
    const alice = token(claims({ tenant: "acme", scope: "tasks:submit tasks:read admin nonsense" }));
    const bob = token(claims({ sub: "bob", tenant: "acme", scope: ["tasks:read"] }));
    const eve = token(claims({ sub: "eve", tenant: "other" }));
    const made = await read(as(alice, "/v1/tasks", posted({ task: "shop.buy" })));
    expect(made.status).toBe(202);
    const path = `/v1/tasks/${String(made.body["id"])}`;
    expect((await as(bob, path)).status).toBe(200);
    expect((await as(eve, path)).status).toBe(404);
    expect((await as(alice, "/v1/tasks", posted({ task: "bank.pay" }))).status).toBe(403);
    expect((await as(bob, "/v1/tasks", posted({ task: "shop.buy" }))).status).toBe(403);
    expect((await as(alice, "/v1/api-keys")).status).toBe(403);
    expect((await as(token(claims({ scope: undefined })), "/v1/tasks")).status).toBe(403);
  });

  it("need the claims that are configured", async () => {
    const { as } = await openIssuer({ requiredClaims: ["nbf", "tenant"] });
    expect((await as(token(claims({ tenant: "a" })), "/v1/tasks")).status).toBe(200);
    expect((await as(token(claims()), "/v1/tasks")).status).toBe(401);
    expect((await as(token(claims({ tenant: "a", nbf: undefined })), "/v1/tasks")).status).toBe(401);
  });

  it("are 401 where none are taken", async () => {
    const { as } = await openAccess();
    expect((await as(token(), "/v1/tasks")).status).toBe(401);
  });
});

describe("the issuer's keys", () => {
  it("come from a file, which may change", async () => {
    const file = join(await temporaryFolder(), "jwks.json");
    writeFileSync(file, JSON.stringify({ keys: [] }));
    const { as } = await openIssuer({ jwks: file });
    expect((await as(token(), "/v1/tasks")).status).toBe(401);
    writeFileSync(file, JSON.stringify(JWKS));
    await expect.poll(async () => (await as(token(), "/v1/tasks")).status, { timeout: 15_000 }).toBe(200);
  });

  it.each([
    ["redirected", "/redirect", undefined],
    ["huge", "/huge", undefined],
    ["no JSON", "/jwks", "<html>"],
    ["no JWKS", "/jwks", '{"keys":{}}'],
  ])("that are %s let nobody in, and are 503", async (_what, path, text) => {
    if (text !== undefined) {
      answer = () => text;
      onTestFinished(() => {
        answer = () => JSON.stringify(JWKS);
      });
    }
    const { as } = await openIssuer({ jwks: issuer + path });
    const refused = await read(as(token(), "/v1/tasks"));
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
  });

  it("that cannot be had are not asked for with every token", async () => {
    answer = () => "no";
    onTestFinished(() => {
      answer = () => JSON.stringify(JWKS);
    });
    const { as } = await openIssuer();
    const before = fetched;
    for (let at = 0; at < 10; at += 1) expect((await as(token(), "/v1/tasks")).status).toBe(503);
    expect(fetched - before).toBeLessThan(10);
  });

  it("in a file that is gone are 503", async () => {
    const file = join(await temporaryFolder(), "jwks.json");
    rmSync(file, { force: true });
    const { as } = await openIssuer({ jwks: file });
    expect((await as(token(), "/v1/tasks")).status).toBe(503);
  });

  it.each([
    [{ jwks: "http://login.example/jwks" }, "must be https"],
    [{ algorithms: ["HS256"] }, "HS256"],
    [{ algorithms: ["none"] }, "none"],
    [{ algorithms: [] }, "algorithms"],
    [{ policy: { tenant: "x" } }, "tenant"],
    [{ policy: { scopes: ["x" as "admin"] } }, "policy"],
  ])("%j is a mistake", async (changes, message) => {
    await expect(openIssuer(changes)).rejects.toThrow(message);
  });
});

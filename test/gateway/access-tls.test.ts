/** HTTPS, client certificates, and credentials that are bound to them (RFC 8705). */
import { X509Certificate } from "node:crypto";
import { type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type Gateway } from "../../gateway/index.ts";
import { testApp } from "../helpers/worker.ts";
import { certificatePem, keyPem, makeKeys } from "../signing/auth-certificates.ts";
import { OPERATOR } from "./access-place.ts";

interface Identity {
  readonly cert: string;
  readonly key: string;
}

let ca: string;
let serverIdentity: Identity;
/** Of the authority; and of another one, by the same name. */
let client: Identity;
let second: Identity;
let expired: Identity;
let forged: Identity;

beforeAll(async () => {
  const [authority, stranger] = [await makeKeys("ec"), await makeKeys("ec")];
  ca = await certificatePem({ keys: authority, subject: "CN=authority", isAuthority: true });
  const issue = async (
    subject: string,
    serial: string,
    by = authority,
    notAfter?: string,
  ): Promise<Identity> => {
    const keys = await makeKeys("ec");
    const cert = await certificatePem({
      keys,
      by,
      subject,
      issuer: "CN=authority",
      serial,
      ...(notAfter && { notAfter }),
    });
    return { cert, key: keyPem(keys) };
  };
  serverIdentity = await issue("CN=localhost", "02");
  client = await issue("CN=shop", "03");
  second = await issue("CN=shop", "04");
  expired = await issue("CN=shop", "05", authority, "2021-01-01T00:00:00Z");
  forged = await issue("CN=shop", "03", stranger);
});

function thumbprint({ cert }: Identity): string {
  return Buffer.from(new X509Certificate(cert).fingerprint256.replaceAll(":", ""), "hex").toString(
    "base64url",
  );
}

async function openTls(): Promise<{
  readonly gateway: Gateway;
  readonly port: number;
  readonly url: string;
}> {
  const gateway = createGateway({ app: testApp(), access: {} });
  onTestFinished(() => gateway.close());
  const { url, port } = await gateway.listen({ port: 0, tls: { ...serverIdentity, ca } });
  return { gateway, port, url };
}

/** The status of an answer over a connection of its own. */
function ask(
  port: number,
  identity: Identity | undefined,
  key?: string,
  options: RequestOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{
          host: "127.0.0.1",
          port,
          path: "/v1/tasks",
          ca,
          agent: false,
          checkServerIdentity: () => undefined,
        },
        ...identity,
        ...options,
        headers: { ...options.headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      },
      (answer) => text(answer).then(() => resolve(answer.statusCode ?? 0), reject),
    );
    sent.on("error", reject);
    sent.end();
  });
}

describe("over HTTPS", () => {
  it("a key counts as elsewhere, with and without a certificate", async () => {
    const { gateway, port, url } = await openTls();
    expect(url).toMatch(/^https:/);
    const made = await gateway.apiKeys?.create({ name: "k" });
    expect(await ask(port, undefined, made?.key)).toBe(200);
    expect(await ask(port, client, made?.key)).toBe(200);
    expect(await ask(port, undefined)).toBe(401);
    expect(await ask(port, undefined, undefined, { path: "/healthz" })).toBe(200);
  });

  it("a key that is bound to a certificate counts with that one alone", async () => {
    const { gateway, port } = await openTls();
    const made = await gateway.apiKeys?.create({ name: "k", thumbprint: thumbprint(client) });
    expect(await ask(port, client, made?.key)).toBe(200);
    for (const other of [undefined, second, expired, forged])
      expect(await ask(port, other, made?.key)).toBe(401);
    // What a proxy would say of a certificate, anybody can say.
    const headers = {
      "x-ssl-client-cert": encodeURIComponent(client.cert),
      "x-client-cert": client.cert.replaceAll("\n", ""),
    };
    expect(await ask(port, undefined, made?.key, { headers })).toBe(401);
  });

  it("a certificate alone is a credential where one names it", async () => {
    const { gateway, port } = await openTls();
    const keys = gateway.apiKeys;
    const request = { name: "shop", proof: "certificate", thumbprint: thumbprint(client) } as const;
    expect(await ask(port, client)).toBe(401);
    const made = await keys?.create({ ...request, policy: OPERATOR });
    expect(made).not.toHaveProperty("key");
    await expect(keys?.create(request)).rejects.toThrow(String(made?.record.id));
    expect(await ask(port, client)).toBe(200);
    for (const other of [undefined, second, expired, forged]) expect(await ask(port, other)).toBe(401);
    // A browser shows the certificate to whoever makes it ask.
    expect(await ask(port, client, undefined, { headers: { origin: "https://evil.example" } })).toBe(403);
    await keys?.revoke(made?.record.id ?? "");
    expect(await ask(port, client)).toBe(401);
    await keys?.create(request);
    await expect.poll(() => ask(port, client), { timeout: 10_000 }).toBe(200);
  });

  it("a gateway says what is wrong with its certificate", async () => {
    const gateway = createGateway({ app: testApp(), access: {} });
    onTestFinished(() => gateway.close());
    const tls = { cert: serverIdentity.cert, key: client.key };
    await expect(gateway.listen({ port: 0, tls })).rejects.toThrow("of each other");
  });
});

/** The settings of sealed headers: what fits together, and what is said when it does not. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type App, createApp, type Settings } from "../../app/index.ts";
import { createUnsealedWarnings } from "../../worker/unsealed-warnings.ts";

const folder = mkdtempSync(join(tmpdir(), "celerity-seal-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const privatePem = pem(privateKey);
const publicPem = pem(publicKey);
const password = "geheim";
const files = {
  private: file("key.pem", privatePem, 0o600),
  open: file("open.pem", privatePem, 0o640),
  encrypted: file(
    "encrypted.pem",
    privateKey
      .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: password })
      .toString(),
    0o600,
  ),
  public: file("trusted.pub.pem", publicPem, 0o644),
  jwks: file("jwks.json", JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }), 0o644),
};

function pem(key: KeyObject): string {
  return key.export({ format: "pem", type: key.type === "private" ? "pkcs8" : "spki" }).toString();
}

function file(name: string, text: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function app(
  settings: Partial<Settings>,
  env: Record<string, string> = {},
): { app: App; warnings: string[] } {
  const warnings: string[] = [];
  return {
    app: createApp({ env, ...settings, onWarning: (message) => void warnings.push(message) }),
    warnings,
  };
}

const trusting = { messageSealTrustedKeys: [publicPem] };

async function seals(made: App): Promise<string> {
  const { message } = made.sealing.sealTask(await made.producer.prepare("t", {}));
  return made.sealing.verifyTask(message, "celery").name;
}

describe("keys", () => {
  test.each<[string, Partial<Settings>]>([
    ["texts", { messageSealKey: privatePem, ...trusting }],
    ["files", { messageSealKey: files.private, messageSealTrustedKeys: [files.public] }],
    ["a pattern", { messageSealKey: files.private, messageSealTrustedKeys: [join(folder, "*.pub.pem")] }],
    ["a JWKS file", { messageSealKey: files.private, messageSealTrustedKeys: [files.jwks] }],
    ["an encrypted file", { messageSealKey: files.encrypted, messageSealKeyPassword: password, ...trusting }],
  ])("may be %s", async (_what, settings) => {
    const made = app({ messageSealing: "require", ...settings });
    expect(await seals(made.app)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(made.warnings).toEqual([]);
  });

  test("and all settings may come from the environment", async () => {
    const env = {
      CELERY_MESSAGE_SEALING: "require",
      CELERY_MESSAGE_SEAL_KEY: files.encrypted,
      CELERY_MESSAGE_SEAL_KEY_PASSWORD: password,
      CELERY_MESSAGE_SEAL_TRUSTED_KEYS: `${files.public}, ${files.jwks}`,
      CELERY_MESSAGE_SEAL_AUDIENCE: "billing",
      CELERY_MESSAGE_SEAL_MAX_AGE: "60",
      CELERY_MESSAGE_SEAL_NONCE_STORE: "redis://127.0.0.1:1/0",
      CELERY_MESSAGE_SEAL_CONTROL: "false",
    };
    const made = app({}, env);
    expect(made.app.settings).toMatchObject({
      messageSealing: "require",
      messageSealTrustedKeys: [files.public, files.jwks],
      messageSealAudience: "billing",
      messageSealMaxAge: 60,
      messageSealControl: false,
    });
    expect(await seals(made.app)).toMatch(/./);
    expect((await made.app.sealing.openNonceStore()).name).toBe("redis");
  });

  test.skipIf(process.platform === "win32")("a private key that others can read is warned of", () => {
    expect(app({ messageSealKey: files.open }).warnings).toEqual([expect.stringContaining("chmod 600")]);
    expect(app({ messageSealKey: files.private }).warnings).toEqual([]);
  });
});

describe("settings that do not fit together are refused", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const worthless = publicKeyOf("01".padEnd(64, "0"));
  const negative = publicKeyOf(`${"00".repeat(31)}80`);

  test.each<[what: string, settings: Record<string, unknown>, message: RegExp]>([
    [
      "require without trusted keys",
      { messageSealing: "require" },
      /messageSealTrustedKeys to the public keys/,
    ],
    [
      "accept-legacy without them",
      { messageSealing: "accept-legacy" },
      /messageSealTrustedKeys to the public keys/,
    ],
    ["another mode", { messageSealing: "strict" }, /off, accept-legacy, require/],
    ["a key file that is not there", { messageSealKey: join(folder, "none.pem") }, /none\.pem/],
    ["an encrypted key without its password", { messageSealKey: files.encrypted }, /password/],
    ["an RSA key", { messageSealKey: pem(rsa.privateKey) }, /Ed25519/],
    ["a public key to sign with", { messageSealKey: publicPem }, /private/],
    ["a private key to trust", { messageSealTrustedKeys: [files.private] }, /public key instead/],
    ["no Ed25519 key to trust", { messageSealTrustedKeys: [pem(rsa.publicKey)] }, /no Ed25519 public key/],
    ["a key that everybody can sign for", { messageSealTrustedKeys: [worthless] }, /everybody/],
    ["another such key", { messageSealTrustedKeys: [negative] }, /everybody/],
    ["an empty audience", { messageSealAudience: "" }, /1 to 255/],
    ["an audience of 256 bytes", { messageSealAudience: "é".repeat(128) }, /1 to 255/],
    ["a maximum age of 0", { messageSealMaxAge: 0 }, /1 second/],
    ["trusted keys that are no list", { messageSealTrustedKeys: publicPem }, /must be a list/],
  ])("%s", (_what, settings, message) => {
    const attempt = (): unknown => app(settings as Partial<Settings>);
    expect(attempt).toThrow(
      expect.objectContaining({ code: "bad_config", message: expect.stringMatching(message) }),
    );
    expect(attempt).not.toThrow(/geheim|MC4CAQ/);
  });

  function publicKeyOf(hex: string): string {
    const x = Buffer.from(hex, "hex").toString("base64url");
    return JSON.stringify({ kty: "OKP", crv: "Ed25519", x });
  }
});

describe("used seals are remembered", () => {
  test.each<[where: string, settings: Partial<Settings>, store: string, warns: boolean]>([
    [
      "where the setting says",
      { messageSealNonceStore: "sqlite:///x.db", resultBackend: "redis://h/0" },
      "sql",
      false,
    ],
    ["with the results", { resultBackend: "redis://h/0", brokerUrl: "sqla+sqlite:///x.db" }, "redis", false],
    ["with results in SQL", { resultBackend: "db+sqlite:///x.db" }, "sql", false],
    ["at the broker", { resultBackend: "rpc://", brokerUrl: "rediss://h/0" }, "redis", false],
    ["at a broker in SQL", { brokerUrl: "sqla+postgresql://h/x" }, "sql", false],
    ["in memory with a broker in memory", { brokerUrl: "memory://" }, "memory", false],
    ["in memory because the setting says so", { messageSealNonceStore: "memory" }, "memory", false],
    [
      "in memory, with a warning, behind RabbitMQ",
      { resultBackend: "rpc://", brokerUrl: "amqp://h" },
      "memory",
      true,
    ],
    ["in memory, with a warning, behind several", { brokerUrl: "redis://a/0;redis://b/0" }, "memory", true],
  ])("%s", async (_where, settings, name, warns) => {
    const made = app({ messageSealing: "require", ...trusting, ...settings });
    const store = await made.app.sealing.openNonceStore();
    expect(store.name).toBe(name);
    expect(made.warnings).toHaveLength(warns ? 1 : 0);
    await store.close();
  });

  test("but not at a URL that is no store", async () => {
    const made = app({ messageSealing: "require", ...trusting, messageSealNonceStore: "amqp://h" });
    await expect(made.app.sealing.openNonceStore()).rejects.toMatchObject({ code: "bad_config" });
  });
});

describe("warnings of unsealed messages", () => {
  test("come at once, and then once a minute for a task, with a count", () => {
    let nowMs = 0;
    const warnings: string[] = [];
    const note = createUnsealedWarnings({ onWarning: (text) => void warnings.push(text), now: () => nowMs });
    for (nowMs = 0; nowMs <= 120_000; nowMs += 1000) note("a");
    expect(warnings.map((text) => text.split(":")[0])).toEqual([
      '1 unsealed of "a"',
      '60 unsealed of "a"',
      '60 unsealed of "a"',
    ]);
    note("b\n");
    expect(warnings.at(-1)).toContain('1 unsealed of "b\\n"');
  });

  test("do not grow with the names that strangers think of", () => {
    const warnings: string[] = [];
    const note = createUnsealedWarnings({ onWarning: (text) => void warnings.push(text) });
    for (let at = 0; at < 5000; at += 1) note(`${at}-${"x".repeat(10_000)}`);
    expect(warnings).toHaveLength(1001);
    expect(Math.max(...warnings.map((text) => text.length))).toBeLessThan(250);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type AppOptions, createApp, setupSecurity } from "../../app/index.ts";
import { DEFAULT_LIMITS } from "../../codecs/index.ts";
import { publishRaw, takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { authSerializer, certificatePem, keyPem, makeKeys, makePlace } from "./auth-certificates.ts";

const place = await makePlace();
const [keys, stranger] = await Promise.all([makeKeys("rsa2048"), makeKeys("rsa2048")]);
const securityKey = place.write("our.key", keyPem(keys));
const securityCertificate = place.write("store/our.pem", await certificatePem({ keys, subject: "CN=ours" }));
const files = { securityKey, securityCertificate, securityCertStore: place.path("store") };
const signed = { taskSerializer: "auth", acceptContent: ["auth"], resultSerializer: "auth", ...files };
const theirs = authSerializer({
  securityKey: place.write("their.key", keyPem(stranger)),
  securityCertificate: place.write(
    "their.pem",
    await certificatePem({ keys: stranger, subject: "CN=theirs" }),
  ),
});

const foreign = await theirs.serialize([[1, 2], {}, {}]);

const add = (x: number, y: number): number => x + y;
const headers = { task: "add", id: "0f0f0f0f-0000-4000-8000-000000000001" };
const auth = { contentType: "application/data", contentEncoding: "utf-8" };

describe("an app whose settings name auth", () => {
  test("signs tasks and results, and reads them", async () => {
    const app = testApp(signed);
    const task = app.task("add", add);
    await testWorker(app);
    expect(await task.call([2, 3], { timeoutMs: 5_000 })).toBe(5);
  });

  test("sends bodies that others verify", async () => {
    const app = testApp(signed);
    await app.sendTask("add", { args: [1, 2], queue: "elsewhere" });
    const [delivery] = await takeMessages(app, "elsewhere", 1);
    expect(delivery?.message).toMatchObject(auth);
    const body = await authSerializer({ securityCertStore: place.path("store") }).deserialize(
      delivery?.message?.body ?? Buffer.alloc(0),
      DEFAULT_LIMITS,
    );
    expect(body).toEqual([[1, 2], {}, expect.anything()]);
  });

  test.each([
    ["unsigned JSON", {}, "content_refused"],
    ["text, which kombu trusts", { contentType: "application/text" }, "bad_body"],
    ["unsigned JSON in the clothes of a signed body", auth, "bad_signature"],
    ["a stranger's signature", { ...auth, body: foreign }, "key_unknown"],
  ])("makes a dead letter of %s", async (_, message, code) => {
    const app = testApp(signed);
    app.task("add", () => {
      throw new Error("It must not run.");
    });
    await testWorker(app);
    await publishRaw(app, "celery", { headers, ...message });
    const [letter] = await takeMessages(app, "celery.dead", 1);
    expect(letter?.message?.headers["x-celerity-reason"]).toBe(code);
    const result = app.result(headers.id).get({ timeoutMs: 5_000 });
    await expect(result).rejects.toMatchObject({ code: "task_failed" });
  });

  test("reads results as accept_content says, as Celery does", async () => {
    const broker = testApp({});
    const { brokerUrl, resultBackend } = broker.settings;
    broker.task("add", add);
    await testWorker(broker);
    const { id } = await broker.sendTask("add", { args: [1, 1] });
    await broker.result(id).get({ timeoutMs: 5_000 });
    const strict = testApp({ ...signed, resultSerializer: "json", brokerUrl, resultBackend });
    await expect(strict.result(id).document()).rejects.toMatchObject({ code: "content_refused" });
    const mixed = testApp({
      ...signed,
      resultSerializer: "json",
      resultAcceptContent: ["json"],
      resultBackend,
    });
    expect(await mixed.result(id).document()).toMatchObject({ result: 2 });
  });

  test("warns when unsigned messages are accepted too", () => {
    const warnings: string[] = [];
    createApp({
      env: {},
      ...signed,
      acceptContent: ["auth", "json"],
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual(["acceptContent has auth, json: unsigned messages are accepted too."]);
  });

  test.each([
    [{ taskSerializer: "auth" }, /needs the settings securityKey \(security_key\), securityCertificate/],
    [
      { eventSerializer: "auth", securityKey },
      /needs the settings securityCertificate \(security_certificate\)/,
    ],
    [{ acceptContent: ["auth"] }, /needs the settings securityCertStore \(security_cert_store\)/],
    [
      { ...files, securityDigest: "blake2b" },
      /securityDigest is "blake2b", which is unknown; known are sha224/,
    ],
    [{ ...files, securityDigest: "sha1" }, /securityDigest is "sha1", whose signatures can be forged/],
  ])("refuses %j", (settings, message) => {
    expect(() => createApp({ env: {}, ...settings })).toThrow(message);
  });

  test("takes its files from the environment", () => {
    const env = {
      CELERY_TASK_SERIALIZER: "auth",
      CELERY_ACCEPT_CONTENT: "auth",
      CELERY_SECURITY_KEY: securityKey,
      CELERY_SECURITY_CERTIFICATE: securityCertificate,
      CELERY_SECURITY_CERT_STORE: place.path("store/*.pem"),
    };
    expect(createApp({ env }).codecs.serializerOf("application/data")?.name).toBe("auth");
  });

  test("verifies without a key, and signs without a store", async () => {
    const { securityCertStore } = files;
    const reader = createApp({ env: {}, acceptContent: ["auth"], securityCertStore });
    const writer = createApp({ env: {}, taskSerializer: "auth", securityKey, securityCertificate });
    const bytes = await writer.codecs.serializer("auth").serialize([1]);
    expect(await reader.codecs.serializer("auth").deserialize(bytes, DEFAULT_LIMITS)).toEqual([1]);
    const write = async (): Promise<unknown> => reader.codecs.serializer("auth").serialize([1]);
    await expect(write()).rejects.toMatchObject({ code: "unencodable" });
    const read = async (): Promise<unknown> =>
      writer.codecs.serializer("auth").deserialize(bytes, DEFAULT_LIMITS);
    await expect(read()).rejects.toMatchObject({ code: "key_unknown" });
  });
});

describe("a worker without auth", () => {
  test("makes a dead letter of a signed body", async () => {
    const app = testApp({});
    app.task("add", add);
    await testWorker(app);
    await publishRaw(app, "celery", { headers, ...auth, body: foreign });
    const [letter] = await takeMessages(app, "celery.dead", 1);
    expect(letter?.message?.headers["x-celerity-reason"]).toBe("bad_body");
  });
});

describe("setupSecurity", () => {
  const given: AppOptions = { env: {}, ...signed };

  test("makes the options of an app", async () => {
    const options = setupSecurity({
      ...given,
      serializer: "yaml",
      allowedSerializers: ["json"],
      layout: "legacy",
    });
    const { codecs, settings } = createApp(options);
    expect(settings.taskSerializer).toBe("auth");
    const bytes = await codecs.serializer("auth").serialize([1]);
    const frame = Buffer.from(Buffer.from(bytes).toString(), "base64").toString("latin1");
    expect(frame.startsWith("ours 1\0\x01")).toBe(true);
    expect(frame).toContain("\0\x01application/x-yaml\0\x01utf-8\0\x01");
    const read = async (): Promise<unknown> => codecs.serializer("auth").deserialize(bytes, DEFAULT_LIMITS);
    await expect(read()).rejects.toMatchObject({ code: "content_refused" });
  });

  test.each([
    [{ ...given, taskSerializer: "json" }, /setupSecurity needs taskSerializer: "auth" and acceptContent/],
    [{ ...given, acceptContent: ["auth", "json"] }, /setupSecurity needs/],
    [{ ...given, acceptContent: [] }, /setupSecurity needs/],
    [{ ...given, securityCertStore: null }, /needs the settings securityCertStore/],
    [{ ...given, serializer: "auth" }, /cannot be "auth" itself/],
    [{ ...given, allowedSerializers: ["nope"] }, /no serializer named "nope"/],
    [{ ...given, serializer: "msgpack", layout: "legacy" } as const, /before 5.5 cannot read signed msgpack/],
  ])("refuses what Celery does, and what cannot work (%#)", (options, message) => {
    expect(() => setupSecurity(options)).toThrow(message);
  });

  test("allows sha1 when told so", () => {
    const weak = { ...given, securityDigest: "SHA1" };
    expect(() => setupSecurity(weak)).toThrow(/allowWeakDigest/);
    expect(setupSecurity({ ...weak, allowWeakDigest: true }).codecs?.contentTypeOf("auth")).toBe(
      "application/data",
    );
  });
});

test("a key file says nothing of itself in errors", () => {
  const broken = place.write("broken.key", readFileSync(securityKey, "utf8").slice(0, 400));
  const making = (): unknown => createApp({ env: {}, ...signed, securityKey: broken });
  expect(making).toThrow(/^securityKey: .*broken.key cannot be used: /);
  expect(making).not.toThrow(/PRIVATE KEY/);
});

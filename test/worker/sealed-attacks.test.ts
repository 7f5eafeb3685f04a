/**
 * What somebody who can write to the queue may try with sealed messages. Every attempt: nothing runs, the caller learns of
 * it where an id can be read, the message is kept with the reason, and the next good one runs.
 */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type App, createApp, type Settings } from "../../app/index.ts";
import type { PlainObject, WireMessage } from "../../protocol/index.ts";
import { loadSealKey, readSeal, sealMessage, writeSeal } from "../../signing/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker } from "../../worker/index.ts";
import { takeMessages } from "../helpers/worker.ts";
import { fleetKey, newKeyTexts, put, sealedMessage, sealedSettings } from "./sealed-fleet.ts";

const AUDIENCE = "billing";
const DAY_MS = 86_400_000;

/** Makes what is put on the queue from a good message of the task `pay`. */
type Attack = (good: WireMessage) => WireMessage;

const header =
  (name: string, value: unknown): Attack =>
  (good) => ({ ...good, headers: { ...good.headers, [name]: value } });

const seal =
  (change: (value: string) => unknown): Attack =>
  (good) =>
    header("celerity-seal", change(String(good.headers["celerity-seal"])))(good);

/** Claims changed under the old signature. */
const claims = (changes: PlainObject): Attack =>
  seal((value) => {
    const { claims: old, signature } = readSeal(value);
    return writeSeal({ claims: { ...old, ...changes }, signature });
  });

/** Sealed by us, but not as it should be. */
const resealed =
  (options: Partial<Parameters<typeof sealMessage>[1]>): Attack =>
  (good) => {
    const key = loadSealKey(fleetKey.privatePem);
    const all = { key, audience: AUDIENCE, queue: "celery", nowMs: Date.now(), ...options };
    return header("celerity-seal", sealMessage(good, all))(good);
  };

const flipByte =
  (at: number): Attack =>
  (good) => {
    const body = Buffer.from(good.body);
    body[at] = (body[at] ?? 0) ^ 1;
    return { ...good, body };
  };

const claimsText = (text: string): Attack =>
  seal((value) => `v1.${Buffer.from(text).toString("base64url")}.${value.split(".")[2]}`);

const stranger = loadSealKey(newKeyTexts().privatePem);

const attacks: readonly (readonly [what: string, code: string, attack: Attack])[] = [
  ["another task", "bad_signature", header("task", "other")],
  ["another id", "bad_signature", header("id", randomUUID())],
  ["another root", "bad_signature", header("root_id", randomUUID())],
  ["another parent", "bad_signature", header("parent_id", randomUUID())],
  ["another group", "bad_signature", header("group", randomUUID())],
  ["another place in the group", "bad_signature", header("group_index", 1)],
  ["more retries", "bad_signature", header("retries", 99)],
  ["a later ETA", "bad_signature", header("eta", new Date(Date.now() + DAY_MS).toISOString())],
  ["a later expiry", "bad_signature", header("expires", new Date(Date.now() + DAY_MS).toISOString())],
  ["no time limit", "bad_signature", header("timelimit", [null, null])],
  ["no result wanted", "bad_signature", header("ignore_result", true)],
  [
    "another place to reply to",
    "bad_signature",
    (good) => ({ ...good, properties: { ...good.properties, replyTo: "mine" } }),
  ],
  [
    "another correlation id",
    "bad_signature",
    (good) => ({ ...good, properties: { ...good.properties, correlationId: "mine" } }),
  ],
  ["another content type", "bad_signature", (good) => ({ ...good, contentType: "application/x-yaml" })],
  ["another content encoding", "bad_signature", (good) => ({ ...good, contentEncoding: "binary" })],
  ["another compression", "bad_signature", header("compression", "application/x-gzip")],
  ["the first byte of the body flipped", "bad_signature", flipByte(0)],
  ["the last byte of the body flipped", "bad_signature", (good) => flipByte(good.body.length - 1)(good)],
  ["another body", "bad_signature", (good) => ({ ...good, body: Buffer.from("[[1000000], {}, {}]") })],
  ["a body that would not be JSON", "bad_signature", (good) => ({ ...good, body: Buffer.from("{nope") })],
  [
    "a byte of the signature flipped",
    "bad_signature",
    seal((value) => `${value.slice(0, -10)}${value.at(-10) === "A" ? "B" : "A"}${value.slice(-9)}`),
  ],
  ["a signature of zeros", "bad_signature", seal((value) => value.replace(/[^.]*$/, "A".repeat(86)))],
  ["a younger seal", "bad_signature", claims({ iat: Date.now() + 1000 })],
  ["a fresh nonce", "bad_signature", claims({ nonce: randomUUID() })],
  ["a seal without its queue", "bad_signature", claims({ queue: undefined })],
  ["a seal without its audience", "bad_signature", claims({ aud: undefined })],
  ["one claim more", "bad_signature", claims({ alg: "none" })],
  ["a claim of the wrong type", "bad_signature", claims({ iat: "now" })],
  ["claims that are no object", "bad_signature", claimsText("[]")],
  ["claims that are no JSON", "bad_signature", claimsText("{")],
  ["claims with __proto__", "bad_signature", claimsText('{"__proto__":{"kid":"x"}}')],
  ["no seal", "unsigned", header("celerity-seal", undefined)],
  ["a seal of null", "unsigned", header("celerity-seal", null)],
  ["an empty seal", "bad_signature", header("celerity-seal", "")],
  ["a seal that is a number", "bad_signature", header("celerity-seal", 1)],
  ["a seal that is an object", "bad_signature", header("celerity-seal", { v1: {} })],
  ["a seal of 64 kB", "bad_signature", header("celerity-seal", `v1.${"A".repeat(65_536)}.A`)],
  ["a seal that is not base64url", "bad_signature", seal((value) => value.replace(/.$/, "!"))],
  ["a padded seal", "bad_signature", seal((value) => `${value}=`)],
  ["a seal of another version", "bad_signature", seal((value) => value.replace("v1", "v0"))],
  [
    "a JSON web token without algorithm",
    "bad_signature",
    seal((value) => `eyJhbGciOiJub25lIn0.${value.split(".")[1]}.`),
  ],
  ["an unknown signer", "key_unknown", resealed({ key: stranger })],
  [
    "an unknown signer who says he is us",
    "bad_signature",
    resealed({ key: { ...stranger, kid: loadSealKey(fleetKey.privatePem).kid } }),
  ],
  ["a key id that is a path", "key_unknown", claims({ kid: "../../../etc/passwd" })],
  ["an expired seal", "signature_expired", resealed({ nowMs: Date.now() - 8 * DAY_MS })],
  ["a seal from the future", "signature_expired", resealed({ nowMs: Date.now() + DAY_MS })],
  ["a seal for another fleet", "wrong_audience", resealed({ audience: "shipping" })],
  ["a seal for no fleet", "wrong_audience", resealed({ audience: undefined })],
  ["a seal for another queue", "wrong_audience", resealed({ queue: "other" })],
];

let app: App;
const ran: unknown[] = [];

beforeAll(async () => {
  const name = randomUUID();
  const settings: Partial<Settings> = {
    ...sealedSettings,
    messageSealAudience: AUDIENCE,
    brokerUrl: `memory://${name}`,
    resultBackend: `cache+memory://${name}`,
    acceptContent: ["json", "yaml"],
  };
  app = createApp({ env: {}, onWarning: () => undefined, ...settings });
  app.task("pay", (amount: number) => void ran.push(amount));
  app.task("other", (amount: number) => void ran.push(["other", amount]));
  const worker = createWorker({ app, hostname: "w@attacked" });
  cleanUp(async () => {
    await worker.stop();
    await app.close();
  });
  await worker.start();
  await (await app.connection()).declareQueue({ name: "celery.dead" });
});

/** The message is the only dead letter, with the code; the next good message runs; nothing else did. */
async function expectRefused(code: string, attacked: WireMessage): Promise<WireMessage> {
  ran.length = 0;
  await put(app, attacked);
  await app.call("pay", { args: [7], timeoutMs: 10_000 });
  const [letter] = await takeMessages(app, "celery.dead", 1);
  if (letter?.message === undefined) throw new Error("There is no dead letter.");
  expect(letter.message.headers["x-celerity-reason"]).toBe(code);
  expect(Buffer.from(letter.message.body)).toEqual(Buffer.from(attacked.body));
  expect(ran).toEqual([7]);
  return letter.message;
}

describe("a sealed message of protocol 2", () => {
  test.each(attacks)("with %s is refused: %s", async (_what, code, attack) => {
    const options = { args: [1], timeLimit: 60, groupId: randomUUID(), groupIndex: 0 };
    const attacked = attack(await sealedMessage(app, "pay", options));
    const letter = await expectRefused(code, attacked);
    expect(letter.headers["celerity-seal"]).toEqual(attacked.headers["celerity-seal"]);
    const id = String(attacked.headers["id"]);
    await expect(app.result(id).get({ timeoutMs: 10_000 })).rejects.toMatchObject({ code: "task_failed" });
  });

  test("sent again is refused: replay", async () => {
    const message = await sealedMessage(app, "pay", { args: [1] });
    await put(app, message);
    const result = app.result(String(message.headers["id"]));
    await result.get({ timeoutMs: 10_000 });
    await expectRefused("replay", message);
    expect(await result.state()).toBe("SUCCESS");
  });

  test("sent twenty times at once runs once", async () => {
    ran.length = 0;
    const message = await sealedMessage(app, "pay", { args: [1] });
    await Promise.all(Array.from({ length: 20 }, () => put(app, message)));
    const letters = await takeMessages(app, "celery.dead", 19);
    const codes = letters.map(({ message: letter }) => letter?.headers["x-celerity-reason"]);
    expect(new Set(codes)).toEqual(new Set(["replay"]));
    await app.result(String(message.headers["id"])).get({ timeoutMs: 10_000 });
    expect(ran).toEqual([1]);
  });

  test("is refused when the seal is that of another message", async () => {
    const other = await sealedMessage(app, "pay", { args: [2] });
    const message = await sealedMessage(app, "pay", { args: [1] });
    await expectRefused("bad_signature", header("celerity-seal", other.headers["celerity-seal"])(message));
  });
});

describe("a sealed message of protocol 1", () => {
  const v1 = async (): Promise<WireMessage> => {
    const body = { task: "pay", id: randomUUID(), args: [1], kwargs: {} };
    const { headers: _headers, ...rest } = await sealedMessage(app, "pay", { args: [1] });
    const message = { ...rest, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    return resealed({})(message);
  };

  test("runs as it is", async () => {
    const message = await v1();
    ran.length = 0;
    await put(app, message);
    await expect.poll(() => ran, { timeout: 10_000 }).toEqual([1]);
  });

  test.each<[what: string, code: string, attack: Attack]>([
    [
      "another task",
      "bad_signature",
      (good) => ({ ...good, body: Buffer.from(Buffer.from(good.body).toString().replace("pay", "other")) }),
    ],
    [
      "another argument",
      "bad_signature",
      (good) => ({ ...good, body: Buffer.from(Buffer.from(good.body).toString().replace("[1]", "[2]")) }),
    ],
    ["a header that makes it protocol 2", "bad_signature", header("task", "other")],
    ["no seal", "unsigned", (good) => ({ ...good, headers: {} })],
  ])("with %s is refused: %s", async (_what, code, attack) => {
    await expectRefused(code, attack(await v1()));
  });
});

test("nothing is left on the queues", async () => {
  const connection = await app.connection();
  expect(await Promise.all(["celery", "celery.dead"].map((queue) => connection.queueSize(queue)))).toEqual([
    0, 0,
  ]);
});

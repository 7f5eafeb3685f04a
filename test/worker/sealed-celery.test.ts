/**
 * The same four attempts against Celery's own signatures (`auth`, a real worker) and against sealed headers. What is
 * measured here is the table in docs/security.md.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { App } from "../../app/index.ts";
import type { WireMessage } from "../../protocol/index.ts";
import { python, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { pythonFolder } from "../helpers/python-environment.ts";
import { redisUrl, temporaryFolder } from "../helpers/services.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { certificatePem, keyPem, makeKeys } from "../signing/auth-certificates.ts";
import { put, sealedApp, sealedMessage } from "./sealed-fleet.ts";

/** JSON has this as a number, YAML as text: so the task shows how its arguments were read. */
const AMOUNT = 1e22;

/** Messages to put on the queue, made from a good one; `body` changes what is signed of its body. */
const attempts: readonly (readonly [
  what: string,
  attack: (
    good: WireMessage,
    body: (change: (signed: Buffer) => Buffer, type?: string) => WireMessage,
  ) => WireMessage[],
])[] = [
  [
    "the header `task` names another task",
    (good) => [{ ...good, headers: { ...good.headers, task: "other" } }],
  ],
  ["the same message again", (good) => [good, good]],
  [
    "the content type of the arguments becomes YAML",
    (_good, body) => [body((signed) => signed, "application/x-yaml")],
  ],
  ["a byte of the arguments is flipped", (_good, body) => [body(flipped)]],
];

function flipped(signed: Buffer): Buffer {
  const bytes = Buffer.from(signed);
  bytes[2] = (bytes[2] ?? 0) ^ 1;
  return bytes;
}

/** Celery's `auth` body: base64 of signer, signature, type, encoding and body between 00 01. */
function changeSigned(good: WireMessage, change: (signed: Buffer) => Buffer, type?: string): WireMessage {
  const text = Buffer.from(Buffer.from(good.body).toString(), "base64").toString("latin1");
  const [signer, signature, oldType, encoding, ...rest] = text.split("\0\x01");
  const body = change(Buffer.from(rest.join("\0\x01"), "latin1")).toString("latin1");
  const joined = [signer, signature, type ?? oldType, encoding, body].join("\0\x01");
  return { ...good, body: Buffer.from(Buffer.from(joined, "latin1").toString("base64")) };
}

function celeryOutcome(ran: readonly string[], state: string): string {
  if (ran.some((line) => line.startsWith("other "))) return "runs as the other task";
  if (ran.length === 2) return "runs again";
  if (ran.includes("pay '1e+22'")) return "runs, its arguments read as YAML";
  if (ran.length === 0 && state === "PENDING") return "dropped; its caller waits for ever";
  return `ran ${ran.length} times (${ran.join(", ")}), ${state}`;
}

async function measureCelery(): Promise<readonly string[]> {
  const [broker, backend, folder] = await Promise.all([redisUrl(), redisUrl(), temporaryFolder()]);
  const env = {
    PYTHONPATH: `${pythonFolder}:${fileURLToPath(new URL(".", import.meta.url))}`,
    SIGNED_FOLDER: folder,
    CELERITY_TEST_BROKER: broker,
    CELERITY_TEST_BACKEND: backend,
  };
  const keys = await makeKeys("rsa2048");
  writeFileSync(`${folder}/key.pem`, keyPem(keys));
  writeFileSync(`${folder}/cert.pem`, await certificatePem({ keys }));
  // Each attempt is followed by a good message; a pool of one runs them in order.
  const amounts = attempts.flatMap((_attempt, at) => [AMOUNT, at + 1]);
  const file = fileURLToPath(new URL("sealed_celery.py", import.meta.url));
  await python({ version: "latest", env, file, input: amounts });
  const app = testApp({ brokerUrl: broker, resultBackend: backend });
  const held = await takeMessages(app, "held", amounts.length);
  const args = ["-P", "solo", "-Q", "celery"];
  await startPythonWorker({ version: "latest", app: "sealed_celery", broker, backend, env, args });

  const outcomes: string[] = [];
  for (const [at, [, attack]] of attempts.entries()) {
    const [good, next] = held.slice(2 * at).map(({ message }) => message as WireMessage);
    if (good === undefined || next === undefined) throw new Error("A message is missing.");
    const before = ledger(folder).length;
    for (const message of attack(good, (change, type) => changeSigned(good, change, type)))
      await put(app, message);
    await put(app, next);
    await expect.poll(() => ledger(folder).at(-1), { timeout: 20_000 }).toBe(`pay ${at + 1}`);
    const state = await app.result(String(good.headers["id"])).state();
    outcomes.push(celeryOutcome(ledger(folder).slice(before, -1), state));
  }
  return outcomes;
}

function ledger(folder: string): readonly string[] {
  if (!existsSync(`${folder}/ledger`)) return [];
  return readFileSync(`${folder}/ledger`, "utf8").trimEnd().split("\n");
}

async function measureSealed(): Promise<readonly string[]> {
  const app = sealedApp({ acceptContent: ["json", "yaml"] });
  const ran: string[] = [];
  app.task("pay", (amount: unknown) => void ran.push(`pay ${JSON.stringify(amount)}`));
  app.task("other", (amount: unknown) => void ran.push(`other ${JSON.stringify(amount)}`));
  await testWorker(app);
  const outcomes: string[] = [];
  for (const [, attack] of attempts) {
    ran.length = 0;
    const good = await sealedMessage(app, "pay", { args: [AMOUNT] });
    const sent = attack(good, (change, type) => ({
      ...good,
      body: change(Buffer.from(good.body)),
      contentType: type ?? good.contentType,
    }));
    for (const message of sent) await put(app, message);
    outcomes.push(await sealedOutcome(app, good, sent.length, ran));
  }
  return outcomes;
}

async function sealedOutcome(
  app: App,
  good: WireMessage,
  sent: number,
  ran: readonly string[],
): Promise<string> {
  await app.call("pay", { args: [0], timeoutMs: 10_000 });
  const [letter] = await takeMessages(app, "celery.dead", 1);
  const code = String(letter?.message?.headers["x-celerity-reason"]);
  const status = await app.result(String(good.headers["id"])).state();
  const expected = sent === 2 ? ["pay 1e+22", "pay 0"] : ["pay 0"];
  expect(ran).toEqual(expected);
  return sent === 2 && status === "SUCCESS"
    ? `the second is refused, \`${code}\``
    : `refused, \`${code}\`; its caller sees ${status}`;
}

describe.skipIf(!pythonVersions().includes("latest"))("docs/security.md", () => {
  test("tells of these attempts what happens", async () => {
    const [celery, sealed] = [await measureCelery(), await measureSealed()];
    const rows = attempts.map(([what], at) => `| ${what} | ${celery[at]} | ${sealed[at]} |`);
    const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
    const heading = "| attempt | Celery 5.7 with `auth` | sealed headers, `require` |\n|---|---|---|\n";
    const table = page
      .slice(page.indexOf(heading) + heading.length)
      .split("\n")
      .slice(0, rows.length);
    expect(table).toEqual(rows);
  });
});

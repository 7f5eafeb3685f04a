/** `celerity gateway` with nothing but a configuration file, and how it ends. */
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { redisUrl, temporaryFolder } from "../helpers/services.ts";
import type { GuardedProcess } from "../helpers/services-process.ts";
import { startCelerity } from "./celerity.ts";

interface Place {
  readonly program: GuardedProcess;
  readonly url: string;
  readonly file: string;
}

async function startGateway(more = "", env: Readonly<Record<string, string>> = {}): Promise<Place> {
  const folder = await temporaryFolder();
  const file = join(folder, "celerity.yaml");
  const broker = await redisUrl();
  await writeFile(
    file,
    `
app:
  broker_url: ${broker}
  result_backend: ${broker}
gateway:
  listen: { port: 0 }
  data_dir: ${folder}
${more}`,
  );
  const program = await startCelerity(["gateway", "--config", file], env);
  await program.waitForOutput(/http:\/\/[^\s/]+[\s\S]*\n/);
  return { program, file, url: /http:\/\/[^\s/]+/.exec(program.output())?.[0] ?? "" };
}

const HOOK_SECRET = "a secret of the hook";

test("access, a hook and a limit of the file are in force", async () => {
  const { url, file, program } = await startGateway(
    `
  limits: { body_bytes: 300 }
  access: { failures_per_minute: 0 }
  hooks:
    repo:
      verifier: github
      secrets: [{ $env: MY_HOOK_SECRET }]
      rules: [{ task: git.pushed, args: [{ $ptr: /repository }] }]
`,
    { MY_HOOK_SECRET: HOOK_SECRET },
  );
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ task: "t" });
  const post = (more: object, text = body): Promise<Response> =>
    fetch(`${url}/v1/tasks`, { method: "POST", headers: { ...headers, ...more }, body: text });
  expect((await post({})).status).toBe(401);

  const maker = await startCelerity(["api-keys", "create", "me", "--config", file]);
  expect(await maker.ended()).toBe(0);
  const key = /^key: (\S+)$/m.exec(maker.output())?.[1] ?? "";
  const authorization = `Bearer ${key}`;
  expect((await post({ authorization })).status).toBe(202);
  expect((await post({ authorization }, JSON.stringify({ task: "t", args: ["x".repeat(300)] }))).status).toBe(
    413,
  );

  const delivery = JSON.stringify({ repository: "mine" });
  const signature = `sha256=${createHmac("sha256", HOOK_SECRET).update(delivery).digest("hex")}`;
  const deliver = (signed: string): Promise<Response> =>
    fetch(`${url}/v1/hooks/repo`, {
      method: "POST",
      headers: { ...headers, "x-hub-signature-256": signed, "x-github-delivery": "1" },
      body: delivery,
    });
  expect((await deliver(signature.replace(/.$/, "x"))).status).toBe(401);
  const taken = await deliver(signature);
  expect(taken.status).toBe(202);
  expect(await taken.json()).toMatchObject({ task: "git.pushed" });
  expect(program.output()).not.toContain(HOOK_SECRET);
});

test("a file that is wrong starts nothing, and says all that is", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "wrong.yaml");
  await writeFile(file, "gateway: { listen: { prot: 1 } }\nlog: { level: loud }\n");
  const program = await startCelerity(["gateway"], { CELERITY_CONFIG: file });
  expect(await program.ended()).toBe(64);
  expect(program.output()).toMatch(/wrong\.yaml:1: gateway\.listen\.prot: .*\n.*wrong\.yaml:2: log\.level: /);
});

test("check --connect tries what the file names", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "celerity.yaml");
  const check = async (state: string): Promise<readonly [number | null, string]> => {
    const redis = await redisUrl();
    const app = `app: { broker_url: "${redis}", result_backend: "${redis}" }`;
    await writeFile(file, `${app}\ngateway: { state: "${state}" }\n`);
    const program = await startCelerity(["config", "check", file, "--connect"]);
    return [await program.ended(), program.output()];
  };
  expect(await check(await redisUrl())).toEqual([0, expect.stringContaining("no problems")]);
  const [code, printed] = await check("redis://:hunter2@127.0.0.1:1/0");
  expect([code, printed]).toEqual([1, expect.stringMatching(/:2: gateway\.state: It cannot be reached/)]);
  expect(printed).not.toContain("hunter2");
});

const BODY = '{"task":"t"}';
const POST = `POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`;

/** A request of which so much has come. */
async function beginRequest(url: string): Promise<ReturnType<typeof connect>> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.write(POST + BODY.slice(0, 5), resolve));
  // The gateway has seen it once it has answered somebody who came later.
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  return socket;
}

test("SIGTERM ends waits and streams, answers what is running, and exits with 0", async () => {
  const { program, url } = await startGateway();
  const stream = await fetch(`${url}/v1/events`);
  const waiting = fetch(`${url}/v1/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=50" },
    body: BODY,
  });
  const running = await beginRequest(url);
  await expect
    .poll(async () => ((await (await fetch(`${url}/v1/tasks`)).json()) as { tasks: [] }).tasks.length)
    .toBe(1);
  program.signal("SIGTERM");
  expect(await stream.text()).toContain("retry: ");
  expect((await waiting).status).toBe(202);
  await expect.poll(() => fetch(`${url}/healthz`).catch(() => "refused")).toBe("refused");
  running.write(BODY.slice(5));
  expect(await text(running)).toMatch(/^HTTP\/1\.1 202 /);
  expect(await program.ended()).toBe(0);
});

test("who does not finish is cut off after the grace of the file", async () => {
  const { program, url } = await startGateway("  limits: { close_grace_ms: 300 }\n");
  const running = await beginRequest(url);
  program.signal("SIGTERM");
  expect(await program.ended()).toBe(0);
  expect(await text(running).catch(() => "")).toBe("");
});

test("a second Ctrl-C ends it at once", async () => {
  const { program, url } = await startGateway("  limits: { close_grace_ms: 600000 }\n");
  await beginRequest(url);
  program.signal("SIGINT");
  await program.waitForOutput(/finishing what runs/);
  program.signal("SIGINT");
  expect(await program.ended()).toBe(1);
});

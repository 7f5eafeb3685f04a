/** `celerity api-keys` and `celerity gateway --require-keys` as users run them: the built program in processes of its own. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { program, startCelerity } from "../e2e/celerity.ts";
import { sqliteFile, temporaryFolder } from "../helpers/services.ts";
import { certificatePem, keyPem, makeKeys } from "../signing/auth-certificates.ts";

let folder: string;
let state: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  state = `sqlite:///${await sqliteFile()}`;
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function apiKeys(...args: readonly string[]): Ran {
  const ran = spawnSync(process.execPath, [program, "api-keys", ...args, "--state", state], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

interface Made {
  readonly id: string;
  readonly key: string;
}

function create(...args: readonly string[]): Made {
  const { code, stdout, stderr } = apiKeys("create", ...args, "--json");
  expect([code, stderr]).toEqual([0, "celerity: Keep it: it is not shown again.\n"]);
  return JSON.parse(stdout) as Made;
}

describe("celerity api-keys", () => {
  it("makes, lists, shows and revokes; the key is printed once", () => {
    const made = create(
      "shop",
      "--submit",
      "shop.*,!shop.admin.*",
      "--read",
      "tenant",
      "--tenant",
      "acme",
      "--quota",
      "submit=100/60",
      "--quota",
      "bytes=1000/1",
      "--scopes",
      "tasks:submit,tasks:read",
      "--days",
      "30",
    );
    expect(made.key).toMatch(/^cel_[0-9a-f]{16}_[0-9a-f]{72}$/);
    const listed = apiKeys("list");
    expect(listed.stdout).toMatch(new RegExp(`^${made.id}  valid    key          .*  shop\n$`));
    const shown = apiKeys("show", made.id);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      name: "shop",
      policy: {
        submit: ["shop.*", "!shop.admin.*"],
        read: "tenant",
        tenant: "acme",
        scopes: ["tasks:submit", "tasks:read"],
        quotas: { submit: { quota: 100, window: 60 }, bytes: { quota: 1000, window: 1 } },
      },
    });
    const secret = made.key.split("_")[2] ?? "";
    expect(listed.stdout + shown.stdout).not.toContain(secret);
    expect(shown.stdout).not.toContain("digest");
    expect(apiKeys("revoke", made.id)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(apiKeys("list", "--json").stdout).toContain("revokedAtMs");
  });

  it.each([
    [["show", "0123456789abcdef"], "There is no key"],
    [["create", "x", "--scopes", "nonsense"], "Scopes:"],
    [["create", "x", "--quota", "submit=1"], "submit=100/60"],
    [["create", "x", "--submit", "!a"], 'add "*"'],
    [["create", "x", "--proof", "certificate"], "thumbprint"],
    [["create", "x", "--certificate", "/dev/null"], "certificate"],
  ])("%j fails, and says why", (args, message) => {
    const { code, stdout, stderr } = apiKeys(...args);
    expect(code).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
  });
});

describe("celerity gateway --require-keys", () => {
  it("takes the keys of its state over HTTPS, beyond loopback, and writes the audit log", async () => {
    const keys = await makeKeys("ec");
    writeFileSync(join(folder, "cert.pem"), await certificatePem({ keys, subject: "CN=localhost" }));
    writeFileSync(join(folder, "key.pem"), keyPem(keys));
    const auditLog = join(folder, "audit.jsonl");
    const { id, key } = create("ops", "--scopes", "admin", "--read", "all");
    const gateway = await startCelerity([
      ...[
        "gateway",
        "-b",
        "memory://",
        "--state",
        state,
        "--host",
        "0.0.0.0",
        "--port",
        "0",
        "--require-keys",
      ],
      ...[
        "--tls-cert",
        join(folder, "cert.pem"),
        "--tls-key",
        join(folder, "key.pem"),
        "--audit-log",
        auditLog,
      ],
    ]);
    await gateway.waitForOutput(/ {2}data/);
    const [, port = ""] = /Celerity gateway on https:\/\/0\.0\.0\.0:(\d+)/.exec(gateway.output()) ?? [];
    const ask = (authorization?: string): number =>
      Number(
        spawnSync(
          "curl",
          [
            ...["-sk", "-o", "/dev/null", "-w", "%{http_code}", `https://127.0.0.1:${port}/v1/tasks`],
            ...["-H", "Content-Type: application/json", "-d", '{"task":"t"}'],
            ...(authorization === undefined ? [] : ["-H", `Authorization: ${authorization}`]),
          ],
          { encoding: "utf8" },
        ).stdout,
      );
    expect(ask()).toBe(401);
    expect(ask(`Bearer ${key}`)).toBe(202);
    await gateway.stop();
    const records = readFileSync(auditLog, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { caller: string; outcome: string });
    expect(records.map(({ caller, outcome }) => [caller, outcome])).toEqual([
      ["anonymous", "unauthenticated"],
      [id, "done"],
    ]);
  });
});

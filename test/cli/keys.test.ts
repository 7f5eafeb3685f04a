/** `celerity keys` as users run it: the built program in a process of its own. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import {
  loadPrivateKey,
  loadPublicKeys,
  parseWebhookSecret,
  thumbprint,
  toWebhookPublicKey,
} from "../../signing/index.ts";
import { examples, pageText, runExample } from "../helpers/documentation.ts";
import { temporaryFolder } from "../helpers/services.ts";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;

beforeEach(async () => {
  if (!existsSync(program)) throw new Error("There is no dist/cli/main.js: run `npm run build` first.");
  folder = await temporaryFolder();
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `celerity keys` in the test's folder. Whatever it is asked, it must not print a private key. */
function keys(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "keys", ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(stdout + stderr).not.toMatch(/PRIVATE KEY|whsec_[A-Za-z0-9+/]{8}|whsk_[A-Za-z0-9+/]{8}|"d":/);
  return { code: status, stdout, stderr };
}

/** The JSON that a command prints. */
function keysJson(...args: string[]): unknown {
  const { code, stdout, stderr } = keys(...args, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

function path(...parts: string[]): string {
  return join(folder, ...parts);
}

function modeOf(file: string): number {
  return statSync(path(file)).mode & 0o777;
}

describe("celerity keys", () => {
  it("explains itself", () => {
    expect(keys("--help")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/generate.*rotate.*export/s),
    });
    expect(keys("generate", "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("--type") });
  });

  it("generates a key, lets the next one wait, and exports public keys", () => {
    const generated = keysJson("generate");
    const first = {
      kid: expect.stringMatching(/^[\w-]{43}$/),
      state: "current",
      validFrom: expect.any(String),
    };
    expect(generated).toEqual([{ ...first, publicFile: expect.stringContaining("public/") }]);

    const { code, stdout } = keys("rotate", "--valid-in", "3600");
    expect(code).toBe(0);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/\s+/));
    expect(rows.map(([, state]) => state)).toEqual(["current", "next"]);
    const [[current = ""] = [], [next = ""] = []] = rows;
    expect(thumbprint(loadPrivateKey(path(".celerity/keys")))).toBe(current);

    for (const format of ["jwks", "pem"]) {
      writeFileSync(path(format), keys("export", "--format", format, "--kid", next).stdout);
      expect([...loadPublicKeys([path(format)]).keys()]).toEqual([next]);
    }
  });

  it("rotates at once, and prunes what has retired", () => {
    const [{ kid: first }] = keysJson("generate") as [{ kid: string }];
    const rotated = keysJson("rotate") as { kid: string; state: string }[];
    expect(rotated.map(({ state }) => state)).toEqual(["retired", "current"]);
    expect(readdirSync(path(".celerity/keys/private"))).toEqual([`${rotated[1]?.kid}.pem`]);
    expect(modeOf(".celerity/keys/private")).toBe(0o700);
    expect(modeOf(`.celerity/keys/private/${rotated[1]?.kid}.pem`)).toBe(0o600);
    expect(readdirSync(path(".celerity/keys/public"))).toHaveLength(2);
    expect(keysJson("prune", "--days", "0")).toEqual([
      expect.objectContaining({ kid: first, state: "retired" }),
    ]);
    expect(readdirSync(path(".celerity/keys/public"))).toEqual([`${rotated[1]?.kid}.pem`]);
  });

  it("writes each kind of key to a file of its own, and shows its public half", () => {
    const rsa = keysJson("generate", "-t", "rsa", "--bits", "2048", "-o", "rsa.pem");
    const loaded = loadPrivateKey(path("rsa.pem"));
    expect(rsa).toMatchObject({ type: "rsa", file: "rsa.pem", kid: thumbprint(loaded) });
    expect(loaded.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(modeOf("rsa.pem")).toBe(0o600);
    expect(JSON.parse(keys("export", "--in", "rsa.pem").stdout).keys[0]).toMatchObject({
      kid: thumbprint(loaded),
    });

    expect(keysJson("generate", "-t", "webhook-secret", "-o", "secret")).toEqual({
      type: "webhook-secret",
      file: "secret",
    });
    expect(parseWebhookSecret(readFileSync(path("secret"), "utf8")).symmetricKeySize).toBe(32);
    expect(modeOf("secret")).toBe(0o600);

    const { publicKey } = keysJson("generate", "-t", "webhook-key", "-o", "key") as { publicKey: string };
    expect(toWebhookPublicKey(parseWebhookSecret(readFileSync(path("key"), "utf8")))).toBe(publicKey);
  });

  it("encrypts with the first line of a password file", () => {
    writeFileSync(path("password"), "correct horse\nand more\n");
    expect(keys("generate", "--password-file", "password").code).toBe(0);
    expect(() => loadPrivateKey(path(".celerity/keys"))).toThrow("is encrypted");
    expect(loadPrivateKey(path(".celerity/keys"), "correct horse").asymmetricKeyType).toBe("ed25519");
    keys("generate", "--password-file", "password", "-o", "one.pem");
    expect(keys("export", "--in", "one.pem", "--password-file", "password").code).toBe(0);
    expect(keys("export", "--in", "one.pem").stderr).toContain("is encrypted");
  });

  it("replaces a file only with --force", () => {
    writeFileSync(path("taken"), "precious");
    expect(keys("generate", "--out", "taken")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("exists"),
    });
    expect(readFileSync(path("taken"), "utf8")).toBe("precious");
    expect(keys("generate", "--out", "taken", "--force").code).toBe(0);
    expect(loadPrivateKey(path("taken")).asymmetricKeyType).toBe("ed25519");
  });

  it.each([
    ["a key of another type in the folder", ["generate", "--type", "rsa"], "with --out"],
    [
      "an RSA key of another size",
      ["generate", "-t", "rsa", "--bits", "1024", "-o", "x"],
      "2048, 3072, 4096",
    ],
    ["--bits for another type", ["generate", "--bits", "2048", "-o", "x"], "--bits is for rsa"],
    [
      "a password for a webhook secret",
      ["generate", "-t", "webhook-secret", "-o", "x", "--password-file", "/dev/null"],
      "--password-file is for",
    ],
    ["an empty password", ["generate", "--password-file", "/dev/null"], "no text"],
    ["rotating without a key", ["rotate"], "There is no key"],
  ])("refuses %s", (_name, args, problem) => {
    expect(keys(...args)).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining(problem) });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses a second first key, and a key id that it does not have", () => {
    keys("generate");
    expect(keys("generate")).toMatchObject({ code: 64, stderr: expect.stringContaining("keys rotate") });
    expect(keys("export", "--kid", "x")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("no key x"),
    });
  });
});

describe("docs/keys.md", () => {
  it("has commands that work as printed, and code that reads what they write", async () => {
    const shim = `celerity() { "${process.execPath}" "${program}" "$@"; }\n`;
    const blocks = [...pageText("keys.md").matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
    expect(blocks).toHaveLength(3);
    for (const block of blocks) {
      const { status, stdout, stderr } = spawnSync("sh", ["-ec", shim + block], {
        cwd: folder,
        encoding: "utf8",
      });
      expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).not.toContain("PRIVATE KEY");
    }
    expect(loadPublicKeys([path("celery.crt")])).toHaveLength(1);
    for (const { code, output } of examples("keys.md")) {
      const here = code.replaceAll(".celerity/keys", path(".celerity/keys"));
      expect(await runExample({ code: here, output })).toBe(output);
    }
  });
});

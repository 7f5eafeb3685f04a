import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Report } from "../../conformance/index.ts";
import { program } from "../e2e/celerity.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { parrot, suite } from "./parrot.ts";
import { type Ended, runProgram } from "./program.ts";

/** `celerity conformance` as users have it. */
async function conformance(...args: readonly string[]): Promise<Ended> {
  if (!existsSync(program)) throw new Error("There is no dist/cli/main.js: run `npm run build` first.");
  return await runProgram(process.execPath, [program, "conformance", ...args]);
}

const count = suite.vectors.filter(({ role, level }) => role === "worker" && level === "L0").length;
const SIX = ["--id", "decode.proto2.json.*"];

describe("celerity conformance run", () => {
  test("ends with 0, tells how far it is, and writes reports", async () => {
    const folder = `${await temporaryFolder()}/reports`;
    const { code, stdout, stderr } = await conformance(
      "run",
      "--level",
      "L0",
      "--role",
      "worker",
      "--report",
      folder,
      "--",
      ...parrot("none"),
    );
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`50 of ${count}\n100 of ${count}\n`),
    });
    expect(stdout).toContain(`parrot 1 (none): ${count} pass\n`);
    const report = JSON.parse(readFileSync(`${folder}/report.json`, "utf8")) as Report;
    expect(report).toMatchObject({
      schema: 1,
      exit_code: 0,
      vectors: suite.version,
      adapter: { name: "parrot" },
    });
    expect(report.results).toHaveLength(count);
    expect(report.features["compression:zlib"]).toEqual({
      support: "full",
      passed: 16,
      tried: 16,
      total: 16,
    });
    expect(readFileSync(`${folder}/summary.md`, "utf8")).toContain(
      "| `compression:zlib` | full | 16 of 16 |",
    );
  });

  test("ends with 1 for a failure, explains it, and reports it", async () => {
    const folder = `${await temporaryFolder()}/reports`;
    const { code, stdout, stderr } = await conformance(
      "run",
      ...SIX,
      "--report",
      folder,
      "--",
      ...parrot("refuses"),
    );
    expect(code).toBe(1);
    expect(stderr).toContain(
      "fail       decode.proto2.json.zlib  $ differs: the outcome is another: I do not like it\n",
    );
    expect(stdout).toContain('    expected "accept"\n    actual   "reject"\n  bytes sent:\n    00000000  ');
    expect(stdout).toContain("parrot 1 (none): 6 fail\n");
    const junit = readFileSync(`${folder}/junit.xml`, "utf8");
    expect(junit).toContain('<testsuite name="L0" tests="6" failures="6" errors="0" skipped="0"');
    expect(junit).toContain("expected &quot;accept&quot;");
    const report = JSON.parse(readFileSync(`${folder}/report.json`, "utf8")) as Report;
    expect(report.features["protocol:2"]?.support).toBe("incompatible");
  });

  test("reads lists of known failures", async () => {
    const list = `${await temporaryFolder()}/known.txt`;
    writeFileSync(list, "# we cannot read\ndecode.**   # anything\n\n");
    const known = await conformance("run", ...SIX, "--known-failing", `@${list}`, "--", ...parrot("refuses"));
    expect(known).toMatchObject({ code: 0, stdout: expect.stringContaining("6 known-fail") });
    const repaired = await conformance("run", ...SIX, "--known-failing", `@${list}`, "--", ...parrot("none"));
    expect(repaired).toMatchObject({ code: 1, stderr: expect.stringContaining("take it off the list") });
  });

  test("explains what breaks the contract", async () => {
    const { code, stderr } = await conformance("run", ...SIX, "--validate", "--", ...parrot("bare-numbers"));
    expect(code).toBe(2);
    expect(stderr).toContain('contract: /call/args/0 is a bare number; write {"$int": "1"}');
  });

  test.each([
    ["no adapter", [], /Name the adapter after --/],
    ["an unknown level", ["--level", "L99", "--", "x"], /Known are L0, L1/],
    ["an unknown option", ["--colour", "--", "x"], /unknown option/],
    ["no vector", ["--id", "nothing.*", "--", "x"], /No vector is selected/],
    ["a list that is not there", ["--known-failing", "@/nonexistent", "--", "x"], /cannot be read/],
  ])("ends with 3 for %s", async (_, args, message) => {
    const { code, stderr } = await conformance("run", ...args);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(message) });
  });

  test("ends with 2 for an adapter that does not start", async () => {
    const { code, stderr } = await conformance("run", ...SIX, "--", ...parrot("no-start"));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("it has rained in") });
  });
});

describe("celerity conformance", () => {
  test("list shows vectors", async () => {
    const { code, stdout } = await conformance("list", "--feature", "stamps", "--level", "L0,L1");
    expect(code).toBe(0);
    expect(stdout).toBe(
      "decode.option.stamped  L0  worker  protocol:2 serializers:json stamps\n" +
        "encode.option.stamped  L1  producer  protocol:2 serializers:json stamps\n",
    );
  });

  test("explain shows a vector and what its flags mean", async () => {
    const { stdout } = await conformance("explain", "encode.option.limits");
    expect(JSON.parse(stdout)).toMatchObject({
      id: "encode.option.limits",
      asks: { cmd: "encode" },
      means: { HardFirst: { bugType: "INTEROP" } },
    });
    expect(await conformance("explain", "nothing")).toMatchObject({ code: 3 });
    const { stdout: contract } = await conformance("explain", "ccp");
    expect(Object.keys(JSON.parse(contract).messages)).toEqual(
      "start configure encode decode publish result work serve capture drain stop".split(" "),
    );
  });

  test("replay shows all that was said", async () => {
    const { code, stdout } = await conformance(
      "replay",
      "decode.option.limits",
      "--",
      ...parrot("swapped-limits"),
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^asked {5}\{"cmd":"decode".*\nanswered {2}\{"seq":2,.*\nfail {7}decode.option.limits/,
    );
  });

  test("doctor checks an adapter", async () => {
    const { code, stdout } = await conformance("doctor", "--", ...parrot("none"));
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^ok {2}\d+ vectors, version /),
      'ok  parrot 1 answers "start": producer, worker, results',
      expect.stringContaining("compression:zlib"),
      'ok  it ends with exit code 0 after "stop"',
      "",
    ]);
    expect(await conformance("doctor", "--", ...parrot("no-stop"))).toMatchObject({ code: 2 });
  });

  test("copy copies the vectors, once", async () => {
    const folder = `${await temporaryFolder()}/vectors`;
    expect(await conformance("copy", folder)).toMatchObject({ code: 0 });
    expect(existsSync(`${folder}/manifest.json`)).toBe(true);
    expect(await conformance("copy", folder)).toMatchObject({ code: 3 });
  });
});

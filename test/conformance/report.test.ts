import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import {
  REPORT_SCHEMA,
  type Report,
  type Result,
  readReport,
  type Status,
  shellQuote,
  type Vector,
  writeReports,
} from "../../conformance/index.ts";
import { badgeOf, profileBadgeOf } from "../../conformance/report/badge.ts";
import { profilesOf } from "../../conformance/report/profiles.ts";
import { toSummary } from "../../conformance/report/summary.ts";
import { tallyOf } from "../../conformance/report/tally.ts";
import { program } from "../e2e/celerity.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { suite } from "./parrot.ts";
import { runProgram } from "./program.ts";
import { hostile, reportOf } from "./reports.ts";

const SIX = ["decode.proto2.json.*"];
const LIMITS = ["decode.option.*"];

/** As a file has it. */
function written(report: Report): unknown {
  return JSON.parse(JSON.stringify(report));
}

describe("report.json", () => {
  const check = new Ajv2020({ strictTypes: false, strictRequired: false, allowUnionTypes: true }).compile(
    REPORT_SCHEMA,
  );

  test.each([
    ["none", ["**"]],
    ["swapped-limits", ["decode.option.*"]],
    ["errs", SIX],
    ["skips", SIX],
    ["only-needed-headers", ["encode.option.*"]],
    ["no-message", ["encode.option.*"]],
  ])("keeps to its schema: %s", async (fault, ids) => {
    const report = written(await reportOf(fault, { ids }));
    expect(check(report), JSON.stringify(check.errors)).toBe(true);
  });

  test("keeps to it whatever an adapter says", async () => {
    const report = written(await reportOf("none", { ids: ["*.option.*"], command: hostile }));
    expect(check(report), JSON.stringify(check.errors)).toBe(true);
  });

  test("tells what a reader must know of a vector", async () => {
    const report = await reportOf("swapped-limits", { ids: LIMITS });
    expect(report.results.find(({ id }) => id === "decode.option.limits")).toMatchObject({
      status: "fail",
      role: "worker",
      command: "decode",
      spec: [expect.stringContaining("celery/app/amqp.py")],
      recorded: { celery: "5.7.0" },
      flags: ["HardFirst"],
      differences: [{ path: "$.timelimit", weight: "must" }],
      spoken: { answer: expect.stringContaining("timelimit") },
      bytes: { sent: expect.stringMatching(/^00000000 {2}/) },
    });
    expect(report.flags).toMatchObject({ HardFirst: { bugType: "INTEROP" } });
    expect(Object.keys(report.flags)).toEqual(["HardFirst"]);
  });

  test("counts by level and requirement", async () => {
    const report = await reportOf("swapped-limits", { ids: ["decode.option.*", "encode.option.eta"] });
    const none = { passed: 0, tried: 0, total: 0 };
    const total = report.results.length - 1;
    // An `encode` of this fault has no verdict.
    expect(report.levels).toMatchObject({
      L0: { must: { passed: total - 1, tried: total, total }, should: none, info: none },
      L1: { must: { passed: 0, tried: 1, total: 1 } },
    });
    expect(report.totals).toMatchObject({ pass: total - 1, fail: 1, error: 1 });
  });

  test.each([
    ["pass", "should", { passed: 1, tried: 1, total: 1 }],
    ["warn", "must", { passed: 1, tried: 1, total: 1 }],
    // A SHOULD that is not met only warns.
    ["warn", "should", { passed: 0, tried: 1, total: 1 }],
    ["known-fail", "must", { passed: 0, tried: 1, total: 1 }],
    ["disabled", "must", { passed: 0, tried: 0, total: 1 }],
  ] as const)("counts %s of a %s", (status, requirement, tally) => {
    expect(tallyOf([{ status, requirement }])).toEqual(tally);
  });
});

describe("profiles", () => {
  const [first, second] = suite.vectors.filter(({ id }) => id.startsWith("decode.option."));
  if (first === undefined || second === undefined) throw new Error("There are no such vectors.");
  const scenario = { ...first, id: "work.one", command: "scenario", worker: "none", steps: [] } as const;
  const vectors: readonly Vector[] = [
    first,
    second,
    scenario,
    { ...second, id: "other", features: ["bigint"] },
  ];
  const resultsOf = (...statuses: readonly Status[]): readonly Result[] =>
    statuses.map((status, at) => ({
      id: vectors[at]?.id ?? "",
      status,
      level: "L0",
      requirement: "must",
      features: [],
      tookMs: 0,
      message: "",
      differences: [],
    }));

  test.each<[readonly Status[], string | undefined, Readonly<Record<string, string>>]>([
    [["pass", "warn"], undefined, { "worker-json": "passed" }],
    [["pass", "disabled"], undefined, { "worker-json": "incomplete" }],
    [["pass"], undefined, { "worker-json": "incomplete" }],
    [["pass", "known-fail"], undefined, { "worker-json": "failed" }],
    [["disabled", "disabled"], undefined, {}],
    // What an implementation does at a broker has a profile of its own.
    [["pass", "fail", "pass"], "redis", { "worker-json": "failed", "worker-json-redis": "passed" }],
    [["disabled", "disabled", "error"], "redis", { "worker-json-redis": "failed" }],
    // What other features need does not count.
    [["pass", "pass", "disabled", "fail"], undefined, { "worker-json": "passed" }],
  ])("of %j at %s", (statuses, broker, states) => {
    const profiles = profilesOf(vectors, resultsOf(...statuses), broker);
    expect(Object.fromEntries(Object.entries(profiles).map(([name, { state }]) => [name, state]))).toEqual(
      states,
    );
  });

  test("count scenarios for the brokers that they are for", () => {
    const limited = [{ ...scenario, brokers: ["amqp" as const] }, first];
    expect(profilesOf(limited, resultsOf("pass", "pass", "pass"), "redis")).toEqual({
      "worker-json": { state: "passed", must: { passed: 1, tried: 1, total: 1 } },
    });
  });

  test("have badges", async () => {
    const must = { passed: 3, tried: 3, total: 3 };
    expect(profileBadgeOf("worker-json", { state: "passed", must })).toEqual({
      schemaVersion: 1,
      label: "celery worker-json",
      message: "passed",
      color: "brightgreen",
    });
    expect(profileBadgeOf("worker-json", { state: "failed", must: { ...must, passed: 2 } })).toMatchObject({
      message: "failed, 2 of 3",
      color: "red",
    });
  });
});

test.each([
  ["none", "6 of 6", "brightgreen"],
  ["refuses", "0 of 6", "red"],
  ["skips", "nothing tried", "lightgrey"],
])("the badge of a run: %s is %s", async (fault, message, color) => {
  const badge = badgeOf(await reportOf(fault, { ids: SIX }));
  expect(badge).toEqual({ schemaVersion: 1, label: "celery conformance", message, color });
});

test("the summary keeps to its tables whatever an adapter says", async () => {
  const summary = toSummary(await reportOf("none", { ids: ["*.option.*"], command: hostile }));
  expect(summary).not.toMatch(/<|[\r\u2028]/);
  const rows = summary.split("\n").filter((line) => line.includes("| `decode.option."));
  expect(rows.length).toBeGreaterThan(5);
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(4);
});

describe("readReport", () => {
  test("reads what was written", async () => {
    const folder = await temporaryFolder();
    const report = await reportOf("refuses", { ids: SIX });
    writeReports(report, folder);
    expect(readReport(`${folder}/report.json`)).toEqual(written(report));
  });

  test.each([
    ["nothing", undefined, /cannot be read/],
    ["no JSON", "{", /cannot be read/],
    ["something else", '{"schema": 2}', /is no report/],
  ])("refuses %s", async (_, text, message) => {
    const path = `${await temporaryFolder()}/report.json`;
    if (text !== undefined) writeFileSync(path, text);
    expect(() => readReport(path)).toThrow(message);
  });
});

describe("scripts that try a vector again", () => {
  test("show the same failure, from anywhere", async () => {
    const folder = await temporaryFolder();
    const report = await reportOf("swapped-limits", { ids: LIMITS });
    writeReports(report, folder);
    const script = `${folder}/repro/decode.option.limits.sh`;
    expect(readdirSync(`${folder}/repro`)).toEqual(["decode.option.limits.sh"]);
    const env = { ...process.env, CELERITY: `${process.execPath} ${program}` };
    const { code, stdout, stderr } = await runProgram(script, [], env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const failed = report.results.find(({ status }) => status === "fail");
    expect(stdout).toContain(`fail       decode.option.limits  ${failed?.message}\n`);
  });

  test("are shell whatever an adapter says", async () => {
    const folder = `${await temporaryFolder()}/it's a $(folder)`;
    mkdirSync(folder);
    writeReports(
      await reportOf("none", { ids: ["*.option.*"], command: hostile }),
      `${folder}/reports`,
      folder,
    );
    const scripts = readdirSync(`${folder}/reports/repro`);
    expect(scripts.length).toBeGreaterThan(5);
    for (const name of scripts) {
      const path = `${folder}/reports/repro/${name}`;
      expect(spawnSync("sh", ["-n", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
      // Everything but the comments is ours.
      const lines = readFileSync(path, "utf8").split("\n");
      expect(lines.map((line) => line.slice(0, 4))).toEqual(
        ["#!/b", "# Wr", "# de", "# CE", "cd -", "exec", ""].map((start, at) =>
          at === 2 ? expect.stringMatching(/^# [de]/) : start,
        ),
      );
    }
  });

  test("of an earlier run are removed, others are not", async () => {
    const folder = await temporaryFolder();
    writeReports(await reportOf("refuses", { ids: SIX }), folder);
    writeFileSync(`${folder}/repro/mine.sh`, "#!/bin/sh\n");
    expect(readdirSync(`${folder}/repro`)).toHaveLength(7);
    writeReports(await reportOf("none", { ids: SIX }), folder);
    expect(readdirSync(`${folder}/repro`)).toEqual(["mine.sh"]);
  });

  test.each(["plain", "", "it's", "a b", "$(id)", "`id`", "*", "a\nb", '"', "\\", "-x", "ä", "~", "!!", "#"])(
    "quote %j",
    (word) => {
      const said = spawnSync("sh", ["-c", `printf %s ${shellQuote(word)}`], { encoding: "utf8" });
      expect(said.stdout).toBe(word);
    },
  );
});

test("celerity conformance explain report prints the schema", async () => {
  const { stdout } = await runProgram(process.execPath, [program, "conformance", "explain", "report"]);
  expect(JSON.parse(stdout)).toEqual(written(REPORT_SCHEMA as unknown as Report));
});

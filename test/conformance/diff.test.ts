import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  describeDiff,
  diffReports,
  type Report,
  type ReportDiff,
  type ReportedResult,
  type Status,
} from "../../conformance/index.ts";
import { program } from "../e2e/celerity.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { type Ended, runProgram } from "./program.ts";
import { reportOf } from "./reports.ts";

const SIX = ["decode.proto2.json.*"];
const right = await reportOf("none", { ids: SIX });

/** The report with other statuses for its first results. */
function withStatuses(...statuses: readonly Status[]): Report {
  const results = right.results.map(
    (result, at): ReportedResult => ({ ...result, status: statuses[at] ?? result.status }),
  );
  return { ...right, results };
}

function sizes(diff: ReportDiff): object {
  const { newly_failing, newly_passing, changed, added, removed } = diff;
  const lists = { newly_failing, newly_passing, changed, added, removed };
  return Object.fromEntries(
    Object.entries(lists).flatMap(([name, list]) => (list.length === 0 ? [] : [[name, list.length]])),
  );
}

describe("diffReports", () => {
  test.each<[Status, Status, object, boolean]>([
    ["pass", "pass", {}, false],
    ["pass", "fail", { newly_failing: 1 }, true],
    ["warn", "error", { newly_failing: 1 }, true],
    ["disabled", "fail", { newly_failing: 1 }, true],
    // It is on a list now, which repairs nothing.
    ["pass", "known-fail", { newly_failing: 1 }, true],
    ["fail", "known-fail", { changed: 1 }, false],
    ["fail", "error", { changed: 1 }, false],
    ["pass", "warn", { changed: 1 }, false],
    ["pass", "disabled", { changed: 1 }, false],
    ["pass", "flaky", { changed: 1 }, false],
    ["fail", "pass", { newly_passing: 1 }, false],
    ["known-fail", "pass", { newly_passing: 1 }, false],
    ["error", "info", { newly_passing: 1 }, false],
    ["fail", "skip", { changed: 1 }, false],
  ])("%s to %s", (old, now, lists, isWorse) => {
    const diff = diffReports(withStatuses(old), withStatuses(now));
    expect(sizes(diff)).toEqual(lists);
    expect(diff.is_worse).toBe(isWorse);
  });

  test("a vector that is new is worse when it fails", () => {
    const older = { ...right, results: right.results.slice(1) };
    expect(diffReports(older, right)).toMatchObject({
      is_worse: false,
      added: [{ id: "decode.proto2.json.plain", old: null, new: "pass" }],
    });
    expect(diffReports(older, withStatuses("fail"))).toMatchObject({ is_worse: true });
    expect(diffReports(right, older)).toMatchObject({
      is_worse: false,
      removed: [{ id: "decode.proto2.json.plain", old: "pass", new: null }],
    });
  });

  test("in words", () => {
    const diff = diffReports(withStatuses("pass", "fail"), withStatuses("fail", "pass"));
    expect(describeDiff(diff).split("\n")).toEqual([
      expect.stringMatching(/^old {2}parrot 1, vectors /),
      expect.stringMatching(/^new {2}parrot 1, vectors /),
      "newly failing: 1",
      "  pass -> fail  decode.proto2.json.plain",
      "newly passing: 1",
      "  fail -> pass  decode.proto2.json.zlib",
    ]);
    expect(describeDiff(diffReports(right, right))).toMatch(/\nnothing changed$/);
  });
});

describe("celerity conformance diff", () => {
  async function diff(older: Report, newer: Report, ...options: readonly string[]): Promise<Ended> {
    const folder = await temporaryFolder();
    writeFileSync(`${folder}/old.json`, JSON.stringify(older));
    writeFileSync(`${folder}/new.json`, JSON.stringify(newer));
    const files = [`${folder}/old.json`, `${folder}/new.json`];
    return await runProgram(process.execPath, [program, "conformance", "diff", ...files, ...options]);
  }

  test("ends with 1 when something is newly wrong", async () => {
    const wrong = await reportOf("refuses", { ids: SIX });
    const { code, stdout } = await diff(right, wrong);
    expect(code).toBe(1);
    expect(stdout).toContain(
      "newly failing: 6\n  pass -> fail  decode.proto2.json.plain  $ differs: the outcome is another: I do not like it\n",
    );
    expect(await diff(wrong, right)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("newly passing: 6\n"),
    });
  });

  test("prints JSON", async () => {
    const { code, stdout } = await diff(right, withStatuses("fail"), "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      is_worse: true,
      newly_failing: [{ id: "decode.proto2.json.plain", old: "pass", new: "fail" }],
      old: { adapter: "parrot", runner: "1.2.3" },
    });
  });

  test("ends with 3 for what is no report", async () => {
    const { code, stderr } = await diff({} as Report, right);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("is no report") });
  });
});

import { describe, expect, test } from "vitest";
import { exitCodeOf, explainResult, type Result } from "../../conformance/index.ts";
import { runParrot, statusesOf, suite } from "./parrot.ts";

const PLAIN = ["decode.proto2.json.plain"];
const SIX = ["decode.proto2.json.*"];

async function onlyResult(fault: string, id: string): Promise<Result> {
  const { results } = await runParrot(fault, { ids: [id] });
  const [result] = results;
  if (result === undefined) throw new Error(`${id} has no result`);
  return result;
}

describe("an adapter that is right", () => {
  test("passes every vector that it is not asked the time in", async () => {
    const run = await runParrot("none", { ids: ["decode.**", "encode.**"] });
    const wrong = run.results.filter(({ status }) => status !== "pass").map(({ id }) => id);
    // A recorded message was sent long ago.
    expect(wrong).toEqual(["encode.option.countdown10", "encode.option.expires-60"]);
    const questions = suite.vectors.filter(({ command }) => command !== "scenario");
    expect(run.results.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
    expect(run.endedWell).toBe(true);
  });

  test("may answer in any order", async () => {
    const { results } = await runParrot("backwards", { ids: ["decode.proto2.**"], parallel: 4 });
    expect(results).toHaveLength(24);
    expect(exitCodeOf(results)).toBe(0);
  });

  test("may print other lines, which are explained on demand", async () => {
    const broken: string[] = [];
    const onBroken = (line: string): number => broken.push(line);
    const { results } = await runParrot("chatty", { ids: PLAIN, onBroken });
    expect(exitCodeOf(results)).toBe(0);
    expect(broken).toEqual(["let me think...", "let me think..."]);
  });
});

describe("an adapter that is wrong", () => {
  test.each([
    ["swapped-limits", "decode.option.limits", "$.timelimit differs: timelimit is [hard, soft], in seconds"],
    ["lost-floats", "decode.proto2.json.plain", "$.args[0] differs: 1 and 1.0 are two values"],
    ["refuses", "decode.proto2.json.plain", "$ differs: the outcome is another: I do not like it"],
    ["wrong-content-type", "encode.proto2.json.plain", "$.wire differs: the message cannot be read: "],
    ["no-message", "encode.proto2.json.plain", "$.wire differs: the message cannot be read: "],
    ["late-eta", "encode.option.countdown10", "$.eta differs: it must be a time between "],
    ["late-eta", "encode.option.eta", "$.eta differs"],
  ])("%s: %s fails and says why", async (fault, id, message) => {
    const result = await onlyResult(fault, id);
    expect(result.status).toBe("fail");
    expect(result.message).toContain(message);
    expect(exitCodeOf([result])).toBe(1);
  });

  test("is shown the bytes, and what was said", async () => {
    const result = await onlyResult("lost-floats", "decode.proto2.json.plain");
    const text = explainResult(result);
    expect(text).toContain(
      'must $.args[0] (1 and 1.0 are two values)\n    expected {"$int":"1"}\n    actual   {"$float":"1.0"}',
    );
    expect(text).toContain(
      '    00000000  5b 5b 31 2c 20 22 74 77 6f 22 5d 2c 20 7b 22 64  |[[1, "two"], {"d|',
    );
    expect(JSON.parse(result.spoken?.answer ?? "")).toMatchObject({ accept: true });
  });

  test.each([
    ["bare-numbers", '/call/args/0 is a bare number; write {"$int": "1"} or {"$float": "..."}'],
    ["errs", "the adapter says: out of paper"],
  ])("%s: there is no verdict", async (fault, message) => {
    const result = await onlyResult(fault, "decode.proto2.json.plain");
    expect(result.status).toBe("error");
    expect(result.message).toContain(message);
    expect(exitCodeOf([result])).toBe(2);
  });

  test("leaves out what it cannot do", async () => {
    const { results } = await runParrot("skips", { ids: SIX });
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["skip"]));
    expect(exitCodeOf(results)).toBe(0);
  });

  test("is told which headers it does not send, without failing", async () => {
    const result = await onlyResult("only-needed-headers", "encode.option.defaults");
    expect(result.status).toBe("info");
    expect(result.differences.map(({ path }) => path)).toContain("$.headers.stamps");
  });
});

describe("an adapter that fails", () => {
  test("by dying costs the one vector that it died of", async () => {
    const run = await runParrot("dies-once", { ids: SIX });
    expect(statusesOf(run)).toEqual({
      "decode.proto2.json.plain": "pass",
      "decode.proto2.json.zlib": "pass",
      "decode.proto2.json.bzip2": "error",
      "decode.proto2.json.lzma": "pass",
      "decode.proto2.json.brotli": "pass",
      "decode.proto2.json.zstd": "pass",
    });
    expect(run.results[2]?.message).toBe("it ended with exit code 7");
  });

  test("by not answering is ended, and costs one vector", async () => {
    const run = await runParrot("hangs", { ids: SIX, timeoutMs: 3_000 });
    expect(Object.values(statusesOf(run)).filter((status) => status === "error")).toHaveLength(1);
    expect(statusesOf(run)["decode.proto2.json.bzip2"]).toBe("error");
  });

  test("by leaving out seq is told so", async () => {
    const { results } = await runParrot("without-seq", { ids: PLAIN, timeoutMs: 2_000 });
    expect(results[0]?.message).toContain('"seq" is not that of an open command');
  });

  test("by a line without end is ended", async () => {
    const { results } = await runParrot("endless-line", { ids: PLAIN, maxLineBytes: 65_536 });
    expect(results[0]?.message).toBe("it answered a line that is longer than the cap");
  });

  test("by not starting shows its standard error", async () => {
    await expect(runParrot("no-start", { ids: PLAIN })).rejects.toThrow(
      /did not start: it ended with exit code 3\.\nIts standard error:\nit has rained in/,
    );
  });

  test("by ending badly is noticed", async () => {
    const run = await runParrot("no-stop", { ids: PLAIN });
    expect(run.endedWell).toBe(false);
    expect(exitCodeOf(run.results)).toBe(0);
  });
});

describe("lists of failures", () => {
  test("turn a failure into a known one", async () => {
    const { results } = await runParrot("refuses", { ids: PLAIN, knownFailing: ["decode.**"] });
    expect(results[0]?.status).toBe("known-fail");
    expect(exitCodeOf(results)).toBe(0);
  });

  test("turn a repaired one into a failure", async () => {
    const { results } = await runParrot("none", { ids: PLAIN, knownFailing: ["decode.**.plain"] });
    expect(results[0]).toMatchObject({
      status: "fail",
      message: expect.stringContaining("take it off the list"),
    });
  });

  test.each([
    ["refuses", "flaky"],
    ["none", "pass"],
  ])("of flaky ones allow both: %s is %s", async (fault, status) => {
    const { results } = await runParrot(fault, { ids: PLAIN, knownFlaky: ["decode.**"] });
    expect(results[0]?.status).toBe(status);
  });
});

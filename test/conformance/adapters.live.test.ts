import { cpSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  countByStatus,
  exitCodeOf,
  explainResult,
  loadSuite,
  type Run,
  runVectors,
  suiteFolder,
} from "../../conformance/index.ts";
import { type PythonVersion, pythonVersions } from "../helpers/python.ts";
import { pythonEnvironment, requirePython } from "../helpers/python-environment.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { runProgram } from "./program.ts";

const adapters = fileURLToPath(new URL("../../conformance/adapters/", import.meta.url));
const pythonAdapter = `${adapters}python-celery/adapter.py`;

/** What is asked over the pipe; scenarios.live.test.ts has the rest, and Celerity. */
const questions = loadSuite().vectors.filter(({ command }) => command !== "scenario");

async function run(command: readonly [string, ...string[]]): Promise<Run> {
  return await runVectors({ vectors: questions, session: { command, timeoutMs: 40_000 } });
}

function expectNoFailure({ results, stderr }: Run): void {
  const wrong = results.filter(({ status }) => ["fail", "error", "warn"].includes(status)).map(explainResult);
  expect(wrong, stderr).toEqual([]);
  expect(exitCodeOf(results)).toBe(0);
}

describe.each(pythonVersions())("Python Celery %s", (version: PythonVersion) => {
  test("does what was recorded of Celery", async () => {
    const done = await run([requirePython(version), pythonAdapter]);
    expectNoFailure(done);
    const { pass, info, disabled } = countByStatus(done.results);
    if (version === "latest")
      expect({ pass, info, disabled }).toEqual({ pass: questions.length, info: 0, disabled: 0 });
    // It has no typed values in JSON, no stamps, and no compressed results; and it leaves out three headers.
    else expect(pass + info).toBeGreaterThan(500);
  });
});

test("an adapter is a page of code", () => {
  const files = [pythonAdapter, `${adapters}celerity/adapter.ts`];
  const lines = files.map(
    (file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "").length,
  );
  expect(Math.max(...lines)).toBeLessThanOrEqual(100);
});

test("the vectors are what Celery makes of the recordings", async () => {
  const python = requirePython("latest");
  const folder = `${await temporaryFolder()}/vectors`;
  cpSync(fileURLToPath(new URL("../../conformance/vectors", import.meta.url)), folder, { recursive: true });
  const script = fileURLToPath(new URL("../../scripts/python/make_suite.py", import.meta.url));
  const { code, stderr } = await runProgram(python, [script, "--vectors", folder], pythonEnvironment());
  expect(code, stderr).toBe(0);
  for (const name of readdirSync(suiteFolder()).filter((file) => file.endsWith(".json"))) {
    expect(
      readFileSync(`${folder}/suite/${name}`, "utf8") === readFileSync(`${suiteFolder()}/${name}`, "utf8"),
      name,
    ).toBe(true);
  }
});

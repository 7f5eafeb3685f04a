/** Workers without an adapter: `celerity conformance run --cmd`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bareWorkerInfo, featureNames, loadSuite, type Report, shellQuote } from "../../conformance/index.ts";
import { program } from "../e2e/celerity.ts";
import { pythonEnvironment, requirePython } from "../helpers/python-environment.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { type Ended, runProgram } from "./program.ts";

const { vectors } = loadSuite();
const compiled = fileURLToPath(new URL("../../dist/conformance/adapters/celerity/tasks.js", import.meta.url));
const node = shellQuote(process.execPath);
/** `-E` sends events: those of tasks are off by default. */
const CELERITY = `${node} ${shellQuote(program)} worker -E -A ${shellQuote(compiled)}`;

async function conformance(...args: readonly string[]): Promise<Ended> {
  if (!existsSync(program)) throw new Error("There is no dist/cli/main.js: run `npm run build` first.");
  return await runProgram(process.execPath, [program, "conformance", ...args], pythonEnvironment());
}

/** A program of JavaScript as `--cmd`. */
async function script(text: string): Promise<string> {
  const file = `${await temporaryFolder()}/worker.mjs`;
  writeFileSync(file, text);
  return `${node} ${shellQuote(file)}`;
}

test("a worker of Celerity runs, retries, drains, is killed and comes back", async () => {
  const ids = [
    "work.run.n*",
    "work.retry.*",
    "events.task-succeeded",
    "delivery.drain.finishes",
    "delivery.worker-killed.late-runs-again",
  ];
  const { code, stdout, stderr } = await conformance("run", "--id", ids.join(), "--cmd", CELERITY);
  expect({ code, stdout }, stderr).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^node unversioned \(no adapter\): \d+ pass\n$/),
  });
  expect(Number(/(\d+) pass/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(6);
}, 120_000);

test("a worker of Celery is as good", async () => {
  const tasks = fileURLToPath(new URL("../../conformance/adapters/python-celery/tasks.py", import.meta.url));
  const python = shellQuote(requirePython("latest"));
  const { code, stdout } = await conformance(
    "run",
    "--id",
    "work.retry.*,delivery.drain.finishes",
    "--cmd",
    `env C_FORCE_ROOT=1 ${python} ${shellQuote(tasks)}`,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^env .*: \d+ pass\n$/) });
}, 120_000);

describe("what it does not have", () => {
  test("is disabled", async () => {
    const one = ["--id", "work.retry.**,decode.option.limits", "--has", "protocol,serializers:json"];
    const { code, stdout } = await conformance("run", ...one, "--cmd", await script(""));
    expect(code).toBe(0);
    expect(stdout).toMatch(/: \d+ disabled\n$/);
  });

  test("is told by names, or by what begins them", () => {
    const featuresOf = (has?: readonly string[]): readonly string[] =>
      [...featureNames(bareWorkerInfo("x", vectors, has).features)].filter(
        (name) => !/^(brok|back)/.test(name),
      );
    expect(featuresOf(["retries", "serializers"])).toEqual([
      "retries",
      ...["json", "msgpack", "pickle", "yaml"].map((name) => `serializers:${name}`),
    ]);
    expect(featuresOf(["serializers:json"])).toEqual(["serializers:json"]);
    expect(featuresOf()).toEqual(expect.arrayContaining(["acks_late", "canvas:chord", "protocol:2"]));
  });
});

test("a worker that ends at once is told with its last words, in a report that tries it again", async () => {
  const folder = `${await temporaryFolder()}/reports`;
  const worker = await script('console.log("my broker is on holiday"); process.exit(7);');
  const id = "work.retry.twice";
  const options = ["--has", "protocol:2,serializers:json,retries", "--cmd", worker];
  const { code, stdout } = await conformance("run", "--id", id, ...options, "--report", folder);
  expect(code).toBe(2);
  expect(stdout).toContain('does not run conf.echo("canary"): it ended.');
  expect(stdout).toContain("my broker is on holiday");
  const { replay } = JSON.parse(readFileSync(`${folder}/report.json`, "utf8")) as Report;
  expect(replay).toEqual([
    "--timeout",
    "10",
    "--cmd",
    worker,
    "--has",
    "protocol:2,serializers:json,retries",
  ]);
  const again = await runProgram("sh", [`${folder}/repro/${id}.sh`], {
    ...process.env,
    CELERITY: `${process.execPath} ${program}`,
  });
  expect(again).toMatchObject({ code: 2, stdout: expect.stringContaining("my broker is on holiday") });
});

test.each([
  [
    "a program that is not there",
    ["--cmd", "./no-such-worker -v"],
    /no-such-worker -v: there is no such program/,
  ],
  ["a worker and an adapter", ["--cmd", "ls", "--", "ls"], /but not both/],
  ["features of an adapter", ["--has", "retries", "--", "ls"], /--has is for workers/],
  ["a feature that no vector needs", ["--cmd", "ls", "--has", "retires"], /retires\. Known are acks_late, /],
  ["another role", ["--cmd", "ls", "--role", "producer"], /--role can be nothing but worker/],
])("ends with 3 for %s", async (_, args, message) => {
  const { code, stderr } = await conformance("run", ...args);
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(message) });
});

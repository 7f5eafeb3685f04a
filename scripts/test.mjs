// `npm test [-- filter...]`: sets up what the tests need, then builds, lints and runs every test; filters go to Vitest.
// The last line is always `N passed, N failed`, with `, N skipped` when something was; the build and the lint count as
// one check each, and so does a set-up step that failed where it must not (in CI, where nothing may be skipped).
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./lib/build.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import {
  ensureClientPackages,
  ensureDjangoPackages,
  ensureFlaskPackages,
  ensureFuzzPackages,
  ensurePythonEnvironment,
} from "./lib/python.mjs";
import { runTool } from "./lib/run.mjs";
import { ensureSystemPackages } from "./lib/system.mjs";

const filters = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

if (await setUp("npm packages", ensurePackages, true)) {
  await setUp("system packages", ensureSystemPackages, Boolean(process.env.CI));
  await setUp("Python Celery", ensurePythonEnvironment, Boolean(process.env.CI));
  await setUp("django-celery-beat", ensureDjangoPackages, Boolean(process.env.CI));
  await setUp("Flask", ensureFlaskPackages, Boolean(process.env.CI));
  await setUp("Schemathesis", ensureFuzzPackages, Boolean(process.env.CI));
  await setUp("httpx", ensureClientPackages, Boolean(process.env.CI));
  await check("build", build);
  await check("lint", async () => (await runTool("@biomejs/biome/bin/biome", ["check", "."])) === 0);
  await runTests();
}
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`,
);
process.exitCode = total.failed === 0 ? 0 : 1;

async function setUp(name, step, isRequired) {
  const done = await step();
  if (!done && isRequired) {
    total.failed++;
    console.error(`FAILED: set-up of ${name}`);
  }
  return done;
}

async function check(name, step) {
  const passed = await step();
  total[passed ? "passed" : "failed"]++;
  console.log(`${passed ? "passed" : "FAILED"}: ${name}`);
}

async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), "celerity-results-"));
  const output = join(folder, "results.json");
  // Without a filter every server will be needed: they start together, and no test's time limit includes their start.
  const env = filters.length === 0 ? { CELERITY_TEST_SERVICES: "all", ...process.env } : process.env;
  const reporters = [
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${output}`,
    "--reporter=./scripts/lib/second-go.mjs",
  ];
  const code = await runTool("vitest/vitest.mjs", ["run", ...reporters, ...filters], { env });
  const failedBefore = total.failed;
  countResults(output);
  rmSync(folder, { recursive: true });
  // Errors outside of any test, or Vitest itself failing.
  if (code !== 0 && total.failed === failedBefore) total.failed++;
}

function countResults(output) {
  let results;
  try {
    results = JSON.parse(readFileSync(output, "utf8")).testResults;
  } catch {
    return; // Vitest did not get as far as writing it; its exit code counts instead.
  }
  for (const file of results) {
    const statuses = file.assertionResults.map((test) => test.status);
    const count = (status) => statuses.filter((other) => other === status).length;
    const [passed, failed] = [count("passed"), count("failed")];
    total.passed += passed;
    // A file that failed without a failed test did so while loading or in a hook.
    total.failed += file.status === "failed" && failed === 0 ? 1 : failed;
    total.skipped += statuses.length - passed - failed;
  }
}

/** The examples that have a README, run as it is printed: what it starts, its commands, and what they print. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, TestRunner, test } from "vitest";
import { openTerminal } from "./terminal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const flaskPackages = `${root}.venv/flask-packages`;

describe.each(["mixed-chord", "report-journey"])("examples/%s", (name) => {
  const page = readFileSync(`${root}examples/${name}/README.md`, "utf8");
  const sections = page
    .split(/^## /m)
    .filter((section) => section.includes("```console\n"))
    .map((text) => ({ title: text.slice(0, text.indexOf("\n")), text }));

  test.each(sections)("$title", async ({ text }) => {
    if (text.includes("flask ")) requireFlask();
    const terminal = await openTerminal({ cwd: root, pythonPath: flaskPackages, settings: page });
    expect(await terminal.run(text)).toBeGreaterThan(1);
  });
});

/** Skips the running test when Flask is not installed, or in CI fails it. */
function requireFlask(): void {
  if (existsSync(`${flaskPackages}/installed.txt`)) return;
  const message = "Flask is not installed: `npm test` installs it";
  if (!process.env["CI"]) TestRunner.getCurrentTest()?.context.skip(message);
  throw new Error(message);
}

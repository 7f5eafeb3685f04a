/** The examples that have a README, run as it is printed: what it starts, its commands, and what they print. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, TestRunner, test } from "vitest";
import { openTerminal, type Terminal } from "./terminal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const flaskPackages = `${root}.venv/flask-packages`;

const readme = (name: string): string => readFileSync(`${root}examples/${name}/README.md`, "utf8");
const open = (settings: string): Promise<Terminal> =>
  openTerminal({ cwd: root, pythonPath: flaskPackages, settings });

describe.each(["mixed-chord", "report-journey"])("examples/%s", (name) => {
  const page = readme(name);
  const sections = page
    .split(/^## /m)
    .filter((section) => section.includes("```console\n"))
    .map((text) => ({ title: text.slice(0, text.indexOf("\n")), text }));

  test.each(sections)("$title", async ({ text }) => {
    if (text.includes("flask ")) requireFlask();
    expect(await (await open(page)).run(text)).toBeGreaterThan(1);
  });
});

test("examples/mixed-chord runs on RabbitMQ as on Redis", async () => {
  const page = readme("mixed-chord");
  const [setting = ""] = /CELERY_BROKER_URL=amqp:[^`]+/.exec(page) ?? [];
  const terminal = await open(page.replace(/^export CELERY_BROKER_URL=.*$/m, `export ${setting}`));
  expect(await terminal.run(page)).toBe(2);
});

/** Skips the running test when Flask is not installed, or in CI fails it. */
function requireFlask(): void {
  if (existsSync(`${flaskPackages}/installed.txt`)) return;
  const message = "Flask is not installed: `npm test` installs it";
  if (!process.env["CI"]) TestRunner.getCurrentTest()?.context.skip(message);
  throw new Error(message);
}

/** The examples of docs/schedules.md, run as they are printed: each prints what stands in the comments beside it. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { parseSchedule, SOLAR_EVENTS } from "../../../beat/schedules/index.ts";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(join(root, "docs/schedules.md"), "utf8");
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

test("every example prints what it says", { timeout: 60_000 }, async () => {
  // In the project, where the packages are found.
  const folder = await mkdtemp(join(root, "node_modules", ".celerity-examples-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const runs = examples.map(async (example, index) => {
    const file = join(folder, `example-${index}.mts`);
    const entry = (_: string, path = ""): string => `from ${JSON.stringify(join(root, path, "index.ts"))}`;
    await writeFile(file, example.replace(/from "celerity(\/\w+)?"/g, entry));
    const { stdout } = await execute(process.execPath, ["--import", "tsx", file], { cwd: root });
    const promised = [...example.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1]);
    expect(promised.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split("\n"), example).toEqual(promised);
  });
  await Promise.all(runs);
  expect(runs.length).toBeGreaterThan(5);
});

test("every schedule as JSON can be read", () => {
  const specs = [...page.matchAll(/`(\{"type".*?\})`/g)].map((match) => match[1] ?? "");
  expect(specs.map((spec) => JSON.parse(spec).type)).toEqual(["interval", "crontab", "solar", "clocked"]);
  for (const spec of specs) expect(parseSchedule(JSON.parse(spec)).toJSON()).toMatchObject(JSON.parse(spec));
});

test("every event of the sun is named", () => {
  for (const event of SOLAR_EVENTS) expect(page).toContain(`\`${event}\``);
});

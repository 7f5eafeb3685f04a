import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { root, runTool } from "./run.mjs";

const page = `${root}dist/dashboard/index.html`;

/** Checks the dashboard's types and builds it into dist/dashboard. Resolves to success. */
export async function buildDashboard() {
  const build = ["build", "dashboard", "--logLevel", "warn"];
  return (
    (await runTool("typescript/bin/tsc", ["-p", "dashboard"])) === 0 &&
    (await runTool("vite/bin/vite.js", build)) === 0
  );
}

/** Whether dist/dashboard is newer than every source of it. */
export async function isDashboardBuilt() {
  if (!existsSync(page)) return false;
  const builtAtMs = statSync(page).mtimeMs;
  const entries = await readdir(`${root}dashboard`, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return [...files, `${root}package-lock.json`].every((file) => statSync(file).mtimeMs <= builtAtMs);
}

/** For Vitest, which calls it before tests that open the dashboard. */
export async function setup() {
  if ((await isDashboardBuilt()) || (await buildDashboard())) return;
  throw new Error("The dashboard could not be built: see the messages above.");
}

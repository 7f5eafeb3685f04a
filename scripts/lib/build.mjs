import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { buildDashboard, isDashboardBuilt } from "./dashboard.mjs";
import { root, runTool } from "./run.mjs";

const buildInfo = `${root}dist/.tsbuildinfo`;
/** What the compiler has nothing to do with. */
const dashboard = "dist/dashboard/";
const compiledEndings = /(\.d\.ts|\.js)(\.map)?$/;

/** Compiles TypeScript into dist, builds the dashboard and forgets what has no source any more. Resolves to success. */
export async function build() {
  const compiled = (await runTool("typescript/bin/tsc", ["-p", "."])) === 0;
  const hasDashboard = (await isDashboardBuilt()) || (await buildDashboard());
  await removeOrphans();
  if (existsSync(`${root}dist/cli/main.js`)) chmodSync(`${root}dist/cli/main.js`, 0o755);
  // The compiler leaves this file alone when nothing changed; its time is what isBuilt() compares with.
  const time = compiled ? new Date() : new Date(0);
  if (existsSync(buildInfo)) utimesSync(buildInfo, time, time);
  return compiled && hasDashboard;
}

/** Whether dist is newer than every source. */
export async function isBuilt() {
  if (!existsSync(buildInfo) || !(await isDashboardBuilt())) return false;
  const builtAtMs = statSync(buildInfo).mtimeMs;
  const { include } = JSON.parse(readFileSync(`${root}tsconfig.json`, "utf8"));
  const folders = include.filter((entry) => !entry.includes("."));
  const sources = (await Promise.all(folders.map(filesUnder))).flat();
  const all = [...sources, "index.ts", "tsconfig.json", "package-lock.json"];
  return all.every((file) => !existsSync(root + file) || statSync(root + file).mtimeMs <= builtAtMs);
}

/** The incremental compiler never deletes, so a removed module would otherwise stay in dist and in the package. */
async function removeOrphans() {
  for (const output of await filesUnder("dist")) {
    if (output.startsWith(dashboard)) continue;
    const file = output.slice("dist/".length);
    const source = file.replace(compiledEndings, ".ts");
    if (output !== "dist/.tsbuildinfo" && !existsSync(root + file) && !existsSync(root + source))
      rmSync(root + output);
  }
}

async function filesUnder(folder) {
  if (!existsSync(root + folder)) return [];
  const entries = await readdir(root + folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

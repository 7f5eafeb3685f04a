import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root, runTool } from "./run.mjs";

const buildInfo = `${root}dist/.tsbuildinfo`;
/** Folders whose files other than TypeScript are part of the program. */
const assetFolders = ["gateway/dashboard"];
const compiledEndings = /(\.d\.ts|\.js)(\.map)?$/;

/** Compiles TypeScript into dist, copies the assets and forgets what has no source any more. Resolves to success. */
export async function build() {
  const compiled = (await runTool("typescript/bin/tsc", ["-p", "."])) === 0;
  await copyAssets();
  await removeOrphans();
  if (existsSync(`${root}dist/cli/main.js`)) chmodSync(`${root}dist/cli/main.js`, 0o755);
  // The compiler leaves this file alone when nothing changed; its time is what isBuilt() compares with.
  const time = compiled ? new Date() : new Date(0);
  if (existsSync(buildInfo)) utimesSync(buildInfo, time, time);
  return compiled;
}

/** Whether dist is newer than every source. */
export async function isBuilt() {
  if (!existsSync(buildInfo)) return false;
  const builtAtMs = statSync(buildInfo).mtimeMs;
  const { include } = JSON.parse(readFileSync(`${root}tsconfig.json`, "utf8"));
  const folders = include.filter((entry) => !entry.includes("."));
  const sources = (await Promise.all(folders.map(filesUnder))).flat();
  const all = [...sources, "index.ts", "tsconfig.json", "package-lock.json"];
  return all.every((file) => !existsSync(root + file) || statSync(root + file).mtimeMs <= builtAtMs);
}

async function copyAssets() {
  for (const file of (await Promise.all(assetFolders.map(filesUnder))).flat()) {
    if (file.endsWith(".ts")) continue;
    mkdirSync(dirname(`${root}dist/${file}`), { recursive: true });
    copyFileSync(root + file, `${root}dist/${file}`);
  }
}

/** The incremental compiler never deletes, so a removed module would otherwise stay in dist and in the package. */
async function removeOrphans() {
  for (const output of await filesUnder("dist")) {
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

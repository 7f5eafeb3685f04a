import { existsSync, readFileSync } from "node:fs";
import { root, run } from "./run.mjs";

/** Installs the npm packages unless node_modules already matches package-lock.json. Resolves to whether they are there. */
export async function ensurePackages() {
  if (packagesMatchLock()) return true;
  console.log("Installing packages (about 30 s)...");
  const args = ["ci", "--include=dev", "--loglevel=error"];
  // npm names its own entry file, which also works where `npm` itself is a shell script that cannot be spawned.
  const npm = process.env.npm_execpath;
  return (await (npm ? run(process.execPath, [npm, ...args]) : run("npm", args))) === 0;
}

/**
 * Compares contents, not times, because a checkout changes times. npm leaves out of node_modules what the lock file
 * calls optional when it is for another platform, so only a wrong version of those counts.
 */
function packagesMatchLock() {
  const installedLock = `${root}node_modules/.package-lock.json`;
  if (!existsSync(installedLock)) return false;
  const installed = JSON.parse(readFileSync(installedLock, "utf8")).packages;
  const wanted = Object.entries(JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")).packages);
  return wanted.every(([path, { version, optional }]) => {
    if (path === "") return true;
    return installed[path] === undefined ? optional === true : installed[path].version === version;
  });
}

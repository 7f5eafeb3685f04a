// `npm start [-- options]`: from a fresh clone to a running gateway and worker. The options are those of `celerity up`.
import { build, isBuilt } from "./lib/build.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { root, runForeground } from "./lib/run.mjs";

if (!(await ensurePackages())) {
  console.error("The packages could not be installed: see npm's message above.");
  process.exit(1);
}
if (!(await isBuilt()) && !(await build())) {
  console.error("The build failed: see the compiler's messages above.");
  process.exit(1);
}
process.exitCode = await runForeground(process.execPath, [
  `${root}dist/cli/main.js`,
  "up",
  ...process.argv.slice(2),
]);

// `npm run faults [-- F2 F18] [--broker redis]`: sets up Python Celery for mixed fleets, compiles, and breaks the compiled
// program. `npm run faults -- --help` lists the faults.
import { build, isBuilt } from "./lib/build.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { ensurePythonEnvironment } from "./lib/python.mjs";
import { root, runForeground } from "./lib/run.mjs";

if (!(await ensurePackages())) {
  console.error("The packages could not be installed: see npm's message above.");
  process.exit(1);
}
if (!(await isBuilt()) && !(await build())) {
  console.error("The build failed: see the compiler's messages above.");
  process.exit(1);
}
// Without it only mixed fleets are left out.
await ensurePythonEnvironment();
process.exitCode = await runForeground(process.execPath, [
  `${root}dist/faults/main.js`,
  ...process.argv.slice(2),
]);

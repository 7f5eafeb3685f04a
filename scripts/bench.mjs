// `npm run bench -- <name>`: sets up what the benches compare with, compiles, and measures the compiled program.
// Without a name it lists the benches.
import { build, isBuilt } from "./lib/build.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { ensureBenchPackages, ensurePythonEnvironment } from "./lib/python.mjs";
import { root, runForeground } from "./lib/run.mjs";

if (!(await ensurePackages())) {
  console.error("The packages could not be installed: see npm's message above.");
  process.exit(1);
}
if (!(await isBuilt()) && !(await build())) {
  console.error("The build failed: see the compiler's messages above.");
  process.exit(1);
}
// Without it the benches still run, but have no Python to compare with.
if (await ensurePythonEnvironment()) await ensureBenchPackages();
process.exitCode = await runForeground(process.execPath, [
  `${root}dist/bench/main.js`,
  ...process.argv.slice(2),
]);

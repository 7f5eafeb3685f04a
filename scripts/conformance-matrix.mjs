// `npm run conformance:matrix -- [options] [-- options of celerity conformance run]`: builds and runs every adapter of
// conformance/adapters, and writes conformance/matrix.md and conformance/matrix.html.
//   --only <names>           only these implementations, with commas; writes nothing without --out
//   --out <folder>           writes there instead
//   --adapters <folder>      adapters of another folder
//   --reports <folder>       keeps the reports of each implementation there
// Implementations that know no other broker are tried on the RabbitMQ of CONFORMANCE_AMQP, or one that is started here.
//   --build-timeout <s>, --run-timeout <s>   how long one adapter may take (1800 each)
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensurePackages } from "./lib/packages.mjs";
import { root } from "./lib/run.mjs";

const { values: options, positionals: runOptions } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    out: { type: "string" },
    adapters: { type: "string", default: `${root}conformance/adapters` },
    reports: { type: "string" },
    "build-timeout": { type: "string", default: "1800" },
    "run-timeout": { type: "string", default: "1800" },
  },
});
// What runs is ended when this process exits, which it does not by itself when it is interrupted.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
process.exitCode = (await ensurePackages()) ? await main() : 1;

async function main() {
  // The suite is TypeScript.
  const { register } = await import("tsx/esm/api");
  register();
  const { loadSuite } = await import("../conformance/suite/load.ts");
  const { makeMatrix, toMatrixMarkdown, writeMatrix } = await import("../conformance/report/matrix/index.ts");
  const { VERSION } = await import("../version.ts");
  const rabbit = process.env.CONFORMANCE_AMQP === undefined ? await startRabbit() : undefined;
  if (rabbit !== undefined) process.env.CONFORMANCE_AMQP = `${rabbit.url}//`;
  const matrix = await makeMatrix({
    adapters: resolve(options.adapters),
    only: options.only?.split(","),
    runner: VERSION,
    vectors: loadSuite().version,
    celerity: [process.execPath, "--import", import.meta.resolve("tsx"), `${root}cli/main.ts`],
    runOptions,
    programs: { node: process.execPath, python: python() },
    buildTimeoutMs: Number(options["build-timeout"]) * 1000,
    runTimeoutMs: Number(options["run-timeout"]) * 1000,
    ...(options.reports !== undefined && { reports: resolve(options.reports) }),
    onProgress: (line) => console.error(line),
  });
  await rabbit?.stop();
  console.log(toMatrixMarkdown(matrix));
  // A part does not replace the whole.
  const out = options.out ?? (options.only === undefined ? `${root}conformance` : undefined);
  if (out !== undefined) console.error(`Written: ${writeMatrix(matrix, out).join(", ")}`);
  return 0;
}

/** undefined where it is not installed. */
async function startRabbit() {
  const { rabbitPlan } = await import("../test/helpers/services-plans.ts");
  const { startServer } = await import("../test/helpers/services-server.ts");
  return await rabbitPlan()
    .then(startServer)
    .catch(() => undefined);
}

/** The Python that has the newest Celery. */
function python() {
  const ours = `${root}.venv/celery-latest/bin/python`;
  return process.env.CONFORMANCE_PYTHON ?? (existsSync(ours) ? ours : "python3");
}

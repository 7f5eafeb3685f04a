// `npm run conformance:brokers -- [options] [-- options of celerity conformance run]`: the whole suite on servers of each
// kind, which it starts. Needs redis-server and rabbitmq-server.
//   --only <kinds>   of recorder, redis, rabbitmq and sqlite; with commas
//   --celery         tries Python Celery instead of Celerity
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { build, isBuilt } from "./lib/build.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { ensurePythonEnvironment } from "./lib/python.mjs";
import { root, run } from "./lib/run.mjs";

const { values: options, positionals: runOptions } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "recorder,redis,rabbitmq,sqlite" },
    celery: { type: "boolean", default: false },
  },
});
/** As many workers of their own run beside each other. */
const ROOMS = [1, 2, 3, 4, 5, 6, 7];
const adapters = `${root}conformance/adapters`;
const celerity = [process.execPath, `${root}dist/conformance/adapters/celerity/adapter.js`];
const celery = [`${root}.venv/celery-latest/bin/python`, `${adapters}/python-celery/adapter.py`];

// What runs is ended when this process exits, which it does not by itself when it is interrupted.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
process.exitCode = (await isReady()) ? await main() : 1;

async function isReady() {
  if (!(await ensurePackages())) return false;
  if (!(await isBuilt()) && !(await build())) return false;
  return !options.celery || ((await ensurePythonEnvironment()) && existsSync(celery[0]));
}

async function main() {
  // The servers of the tests are TypeScript.
  const { register } = await import("tsx/esm/api");
  register();
  const { redisPlan, rabbitPlan } = await import("../test/helpers/services-plans.ts");
  const { startServer } = await import("../test/helpers/services-server.ts");
  const { rabbitApi } = await import("../test/helpers/services-rabbit-api.ts");
  const none = async () => undefined;
  const kinds = {
    recorder: { open: none, flags: () => [] },
    redis: {
      open: async () => await startServer(await redisPlan()),
      flags: ({ url }) => brokerFlags(`${url}/0`, (number) => `${url}/${number}`),
    },
    rabbitmq: {
      async open() {
        const server = await startServer(await rabbitPlan());
        for (const number of ROOMS) await rabbitApi(server.url, "PUT", `vhosts/room${number}`);
        return server;
      },
      flags: ({ url }) => brokerFlags(`${url}//`, (number) => `${url}/room${number}`),
    },
    sqlite: { open: none, flags: () => ["--broker=sqlite"] },
  };
  const names = options.only.split(",");
  const unknown = names.find((name) => !Object.hasOwn(kinds, name));
  if (unknown !== undefined) {
    console.error(`There is no kind ${unknown}; there are ${Object.keys(kinds).join(", ")}.`);
    return 1;
  }
  const ends = [];
  for (const name of names) {
    const server = await kinds[name].open();
    const startedAtMs = performance.now();
    const code = await tryOn(kinds[name].flags(server));
    ends.push(`${name}: exit code ${code}, ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
    await server?.stop();
    if (code !== 0) process.exitCode = 1;
  }
  console.log(ends.join("\n"));
  return process.exitCode ?? 0;
}

/** `roomAt` gives the URL of a further database or virtual host. */
function brokerFlags(url, roomAt) {
  return [`--broker=${url}`, `--rooms=${ROOMS.map(roomAt).join()}`];
}

async function tryOn(where) {
  const known = options.celery ? [] : ["--known-failing", `@${adapters}/celerity/known-failing.txt`];
  const command = options.celery ? celery : celerity;
  const args = ["conformance", "run", ...where, ...known, ...runOptions, "--", ...command];
  return await run(process.execPath, [`${root}dist/cli/main.js`, ...args]);
}

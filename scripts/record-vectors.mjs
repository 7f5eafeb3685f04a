// `npm run vectors [-- --out <folder>] [--redis <url>] [--amqp <url>]`: records conformance/vectors anew from the newest
// Python Celery. Servers whose URL is not given are started and stopped; a Redis database that is given is emptied.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { register } from "tsx/esm/api";
import { ensurePackages } from "./lib/packages.mjs";
import { ensurePythonEnvironment } from "./lib/python.mjs";
import { root, run } from "./lib/run.mjs";

const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: `${root}conformance/vectors` },
    redis: { type: "string" },
    amqp: { type: "string" },
  },
});
const folder = resolve(options.out);
mkdirSync(folder, { recursive: true });

process.exitCode = (await ensurePackages()) && (await ensurePythonEnvironment()) ? await record() : 1;

async function record() {
  // The tests know how to start servers, in TypeScript.
  register();
  const { redisPlan, rabbitPlan } = await import("../test/helpers/services-plans.ts");
  const { startServer } = await import("../test/helpers/services-server.ts");
  const servers = [];
  const urlOf = async (given, plan, path) => {
    if (given) return given;
    const server = await startServer(await plan());
    servers.push(server);
    return server.url + path;
  };
  try {
    const redis = await urlOf(options.redis, redisPlan, "/0");
    const amqp = await urlOf(options.amqp, rabbitPlan, "//");
    const urls = ["--redis", redis, "--amqp", amqp];
    const recorder = `${root}scripts/python/record_vectors.py`;
    return await run(`${root}.venv/celery-latest/bin/python`, [recorder, ...urls, "--out", folder]);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

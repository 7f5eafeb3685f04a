/**
 * Adapters in JavaScript, Java and PHP, built as their manifests say: each sends to a Python worker and reads the result, and
 * those that work are sent to. Those that need more than Node run with CONFORMANCE_PEERS=all.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { Command } from "../../conformance/ccp/messages.ts";
import { Session } from "../../conformance/ccp/session.ts";
import { type ProgramWords, readManifest } from "../../conformance/report/matrix/manifest.ts";
import { missingPrograms } from "../../conformance/report/matrix/programs.ts";
import { runBounded } from "../../conformance/report/matrix/run-bounded.ts";
import { amqpUrl, redisUrl, temporaryFolder } from "../helpers/services.ts";
import { AdapterProcess, type Answered } from "./adapter-process.ts";

const ADAPTERS = fileURLToPath(new URL("../../conformance/adapters", import.meta.url));
const BUILD_MS = 300_000;
const FIVE = { state: "SUCCESS", value: { $int: "5" } };
const ADD = { task: "conf.add", args: [{ $int: "2" }, { $int: "3" }], kwargs: {}, options: {} };

/** Servers of each kind; `rpc://` is the broker. */
const SERVERS = {
  redis: async () => ({ broker: await redisUrl(), backend: await redisUrl() }),
  amqp: async () => ({ broker: await amqpUrl(), backend: "rpc://" }),
};

/** An implementation; `isQuick`: tried by default. */
interface Peer {
  readonly name: string;
  readonly broker: keyof typeof SERVERS;
  readonly isQuick?: boolean;
  readonly works?: boolean;
}

const PEERS: readonly Peer[] = [
  { name: "celery-node", broker: "redis", isQuick: true, works: true },
  { name: "celery-ts", broker: "redis", isQuick: true },
  { name: "node-celery", broker: "redis", isQuick: true },
  { name: "celery-java", broker: "amqp", works: true },
  { name: "celery-php", broker: "redis" },
];
const TRIED = PEERS.filter(({ isQuick }) => isQuick || process.env["CONFORMANCE_PEERS"] === "all");
/** What adapters of one language share. */
const SHARED = "js-tagged";

/** What npm and Maven say of a machine without a network. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|Unknown host/;

/** By name: the command of an adapter, or what this machine lacks for it. */
const built = new Map<string, ProgramWords | string>();

/** Where peers meet Python, which works on the queue `python`. */
interface Place {
  readonly broker: string;
  readonly backend: string;
  readonly python: AdapterProcess;
}
const places = new Map<Peer["broker"], Place>();

async function meet(kind: Peer["broker"]): Promise<Place> {
  const [servers, python] = [await SERVERS[kind](), new AdapterProcess("latest")];
  await python.ask("configure", { ...servers, queue: "python", env: {} });
  await python.ask("work", { queue: "python", tasks: "standard" });
  return { ...servers, python };
}

/** Builds it in a copy. */
async function build(name: string, folder: string): Promise<ProgramWords | string> {
  const [manifest] = readManifest(join(ADAPTERS, name));
  if (manifest === undefined) throw new Error(`${name} has no manifest`);
  const unset = Object.keys(manifest.environment ?? {}).filter((variable) => !process.env[variable]);
  const missing = [...missingPrograms(manifest.needs, {}), ...unset];
  if (missing.length > 0) return missing.join(" and ");
  const cwd = join(folder, name);
  const isSource = (path: string): boolean => !/\/(node_modules|target)$/.test(path);
  cpSync(join(ADAPTERS, name), cwd, { recursive: true, filter: isSource });
  const [program, ...args] = manifest.build?.flat() ?? [];
  if (program !== undefined) {
    const { code, trouble, output } = await runBounded([program, ...args], { cwd, timeoutMs: BUILD_MS });
    if (OFFLINE.test(output) && !process.env["CI"]) return "a network";
    if (code !== 0) throw new Error(`${name} was not built: ${trouble ?? output}`);
  }
  return ["sh", "-c", 'cd "$0" && exec "$@"', cwd, ...manifest.run];
}

beforeAll(async () => {
  const folder = await temporaryFolder();
  cpSync(join(ADAPTERS, SHARED), join(folder, SHARED), { recursive: true });
  const kinds = new Set(TRIED.map(({ broker }) => broker));
  await Promise.all([
    ...TRIED.map(async ({ name }) => built.set(name, await build(name, folder))),
    ...[...kinds].map(async (kind) => places.set(kind, await meet(kind))),
  ]);
}, BUILD_MS);

/** Starts it; it ends with the test. */
function start(command: ProgramWords): (command: Command) => Promise<Answered> {
  const session = new Session({ command, timeoutMs: 30_000 });
  onTestFinished(() => session.kill("the test is over"));
  return async (asked) => {
    const { outcome } = await session.exchange(asked);
    if (outcome.kind === "answer") return outcome.fields;
    throw new Error(`${asked.cmd}: ${outcome.message}\n${session.stderr}`);
  };
}

test.for(TRIED)("$name talks with Celery", async ({ name, broker, works }, { skip }) => {
  const [command, place] = [built.get(name), places.get(broker)];
  if (typeof command !== "object" || place === undefined) return skip(`${name} needs ${command}`);
  const { python, ...servers } = place;
  const ask = start(command);
  expect(await ask({ cmd: "start", version: 1 })).toMatchObject({ name });
  await ask({ cmd: "configure", ...servers, queue: "python", env: {} });
  const { id } = await ask({ cmd: "publish", call: ADD });
  expect(await ask({ cmd: "result", id: String(id), timeout_ms: 20_000 })).toMatchObject(FIVE);

  if (!works) return;
  await ask({ cmd: "work", queue: "peer", tasks: "standard" });
  await python.ask("configure", { ...servers, queue: "peer", env: {} });
  const sent = await python.ask("publish", { call: ADD });
  expect(await python.ask("result", { id: sent["id"], timeout_ms: 20_000 })).toMatchObject(FIVE);
});

/**
 * Adapters of other implementations, built as their manifests say: each sends to a Python worker, and works for itself.
 * Those whose build takes minutes, or needs more than a module proxy, run with CONFORMANCE_PEERS=all.
 */
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Command } from "../../conformance/ccp/messages.ts";
import { Session } from "../../conformance/ccp/session.ts";
import { readManifest } from "../../conformance/report/matrix/manifest.ts";
import { missingPrograms } from "../../conformance/report/matrix/programs.ts";
import { redisUrl, temporaryFolder } from "../helpers/services.ts";
import { AdapterProcess } from "./adapter-process.ts";

const ADAPTERS = fileURLToPath(new URL("../../conformance/adapters", import.meta.url));
const BUILD_MS = 900_000;
const WORK: Command = { cmd: "work", queue: "own", tasks: "standard" };
const FIVE = { state: "SUCCESS", value: { $int: "5" } };

/** An implementation, and what its adapter shares with others. */
interface Peer {
  readonly name: string;
  readonly shared: string;
  readonly isQuick?: boolean;
  /** What keeps Celery from reading what it sends to Redis. */
  readonly unreadable?: string;
  readonly hasResults?: boolean;
}

const PEERS: readonly Peer[] = [
  { name: "gocelery", shared: "go-tagged", isQuick: true, hasResults: true },
  { name: "gopher-celery", shared: "go-tagged" },
  { name: "celery-rs", shared: "rust-tagged", hasResults: true },
  { name: "rusty-celery", shared: "rust-tagged", unreadable: "no delivery_info" },
];

/** The command of an adapter, built in a copy; why it cannot be built here is a reason to skip, except in CI. */
async function build({ name, shared }: Peer, skip: (why: string) => never): Promise<readonly [string]> {
  const [manifest] = readManifest(join(ADAPTERS, name));
  if (manifest?.build === undefined || manifest.build === null)
    throw new Error(`${name} has nothing to build`);
  const missing = missingPrograms(manifest.needs, {});
  if (missing.length > 0) skip(`${name} needs ${missing.join(" and ")}`);
  const folder = await temporaryFolder();
  for (const part of [name, shared]) cpSync(join(ADAPTERS, part), join(folder, part), { recursive: true });
  const [program, ...args] = manifest.build;
  const built = spawnSync(program, args, { cwd: join(folder, name), encoding: "utf8", timeout: BUILD_MS });
  if (built.status !== 0) {
    // A machine without a network has no sources of it.
    const isOffline = /dial tcp|failed to download|Could not resolve|i\/o timeout/.test(built.stderr);
    if (isOffline && !process.env["CI"]) skip(`${name} cannot be downloaded: ${built.stderr}`);
    throw new Error(`${name} was not built: ${built.stderr}`);
  }
  return [join(folder, name, manifest.run[0])];
}

function startSession(
  command: readonly [string],
): (command: Command) => Promise<Readonly<Record<string, unknown>>> {
  const session = new Session({ command, timeoutMs: 30_000 });
  onTestFinished(() => session.kill("the test is over"));
  return async (command) => {
    const { outcome } = await session.exchange(command);
    if (outcome.kind === "answer") return outcome.fields;
    throw new Error(`${command.cmd}: ${outcome.message}\n${session.stderr}`);
  };
}

const ADD: Command = {
  cmd: "publish",
  call: { task: "conf.add", args: [{ $int: "2" }, { $int: "3" }], kwargs: {}, options: {} },
};

describe.each(PEERS)("$name", (peer) => {
  const isTried = peer.isQuick || process.env["CONFORMANCE_PEERS"] === "all";
  test.runIf(isTried)(
    "sends to Celery, and works",
    async ({ skip }) => {
      const ask = startSession(await build(peer, skip));
      const { commands } = await ask({ cmd: "start", version: 1 });
      expect(commands).toEqual(expect.arrayContaining(["publish", "work", "drain"]));
      const place = { broker: await redisUrl(), backend: await redisUrl() };

      const python = new AdapterProcess("latest");
      await python.ask("configure", { ...place, queue: "python", env: {} });
      await python.ask("work", { queue: "python", tasks: "standard" });
      await ask({ cmd: "configure", ...place, queue: "python", env: {} });
      const { id } = await ask(ADD);
      expect(id).toEqual(expect.any(String));
      const asked = { id: String(id), timeout_ms: 20_000 };
      if (peer.unreadable === undefined) expect(await python.ask("result", asked)).toMatchObject(FIVE);
      if (peer.hasResults) expect(await ask({ cmd: "result", ...asked })).toMatchObject(FIVE);

      await ask({ cmd: "configure", ...place, queue: "own", env: {} });
      expect(await ask(WORK)).toMatchObject({ ready: true });
      const own = await ask(ADD);
      if (peer.hasResults)
        expect(await ask({ cmd: "result", id: String(own["id"]), timeout_ms: 20_000 })).toMatchObject(FIVE);
      expect(await ask({ cmd: "drain" })).toMatchObject({ ok: true });
    },
    peer.isQuick ? 90_000 : BUILD_MS,
  );
});

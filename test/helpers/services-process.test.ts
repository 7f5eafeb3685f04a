import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePorts, GuardedProcess, makeFolder, removeFolder } from "./services-process.ts";

async function start(script: string): Promise<GuardedProcess> {
  const folder = await makeFolder("guard");
  onTestFinished(() => removeFolder(folder));
  return new GuardedProcess({ command: "sh", args: ["-c", script], folder, stopSignal: "SIGTERM" });
}

describe("a guarded process", () => {
  test("says what it printed, and that it ended without the awaited", async () => {
    const process = await start("echo one; echo two >&2; exit 3");
    await process.waitForOutput(/two/);
    await process.waitForOutput(/one/);
    await expect(process.waitForOutput(/three/)).rejects.toThrow("without printing /three/:\none\ntwo");
    await process.ended();
  });

  test("stops in its own way", async () => {
    const process = await start("trap 'echo bye; exit' TERM; echo ready; while :; do sleep 0.05; done");
    await process.waitForOutput(/ready/);
    await process.stop();
    expect(process.output()).toBe("ready\nbye\n");
  });

  test("is killed when it will not stop", async () => {
    const process = await start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    await process.waitForOutput(/ready/);
    await process.stop(100);
    await process.kill();
    expect(isAlive(process.pid)).toBe(false);
  });

  test("ends with its folder when the test run is killed", async () => {
    const module = new URL("services-process.ts", import.meta.url).href;
    const run = `
      const { GuardedProcess, makeFolder } = await import(${JSON.stringify(module)});
      const folder = await makeFolder("guard");
      const child = new GuardedProcess({ command: "sleep", args: ["600"], folder, stopSignal: "SIGTERM" });
      console.log(JSON.stringify([folder, child.pid]));`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", run];
    const parent = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(createInterface(parent.stdout), "line")) as [string];
    const [folder, pid] = JSON.parse(line) as [string, number];
    expect([existsSync(folder), isAlive(pid)]).toEqual([true, true]);
    parent.kill("SIGKILL");
    await expect.poll(() => [existsSync(folder), isAlive(pid)], { timeout: 12_000 }).toEqual([false, false]);
  });
});

test("free ports are adjacent and below the ephemeral ones", async () => {
  const port = await freePorts(3);
  expect(port).toBeGreaterThan(1024);
  expect(port + 2).toBeLessThan(32_768);
});

/** A zombie is not alive: in a container nobody may collect it. */
function isAlive(pid: number): boolean {
  const status = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return status !== "" && !status.startsWith("Z");
}

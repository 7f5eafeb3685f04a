import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isAlive, readPidFile } from "../../cli/pid-file.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { startCelerity, taskModule } from "../e2e/celerity.ts";
import { temporaryFolder } from "../helpers/services.ts";

const POLL = { timeout: 30_000 };

/** A folder with a broker in a file; whatever still runs there is ended with the test. */
async function place(): Promise<{
  folder: string;
  env: Record<string, string>;
  pidFile: (name: string) => string;
}> {
  const folder = await temporaryFolder();
  const pidFile = (name: string): string => join(folder, `${name}.pid`);
  cleanUp(async () => {
    for (const name of ["one", "two", "w"]) {
      const pid = readPidFile(pidFile(name));
      if (pid !== undefined && isAlive(pid)) process.kill(pid, "SIGKILL");
    }
  });
  const url = `sqlite:///${join(folder, "broker.db")}`;
  return { folder, env: { CELERY_BROKER_URL: `sqla+${url}`, CELERY_RESULT_BACKEND: `db+${url}` }, pidFile };
}

async function run(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const program = await startCelerity(args, env);
  const code = await program.ended();
  return { code, output: program.output() };
}

describe("celerity multi", () => {
  it("starts nodes in the background, restarts them, and stops them", async () => {
    const { folder, env, pidFile } = await place();
    const multi = (action: string): Promise<{ code: number | null; output: string }> =>
      run(
        [
          "multi",
          action,
          "one",
          "two",
          "-A",
          taskModule,
          "-c",
          "1",
          "-P:two",
          "async",
          `--pidfile=${folder}/%n.pid`,
          `--logfile=${folder}/%n.log`,
        ],
        env,
      );
    expect(await multi("start")).toMatchObject({ code: 0 });
    const pids = ["one", "two"].map((name) => readPidFile(pidFile(name)) ?? 0);
    expect(pids.every(isAlive)).toBe(true);
    expect(await readFile(join(folder, "two.log"), "utf8")).toContain("ready.");
    expect((await multi("start")).output).toContain("runs already");
    expect((await multi("names")).output).toMatch(/one@.*\ntwo@/);
    expect((await multi("show")).output).toContain("celerity worker --detach -A");
    const restarted = await multi("restart");
    expect(restarted, restarted.output).toMatchObject({ code: 0 });
    expect(pids.some(isAlive)).toBe(false);
    expect(readPidFile(pidFile("one"))).not.toBe(pids[0]);
    expect(await multi("stopwait")).toMatchObject({ code: 0 });
    expect([readPidFile(pidFile("one")), readPidFile(pidFile("two"))]).toEqual([undefined, undefined]);
    expect((await multi("stop")).output).toContain("does not run");
  });

  it("says why a node did not start", async () => {
    const { folder, env } = await place();
    const { code, output } = await run(
      [
        "multi",
        "start",
        "w",
        "-A",
        "./no-such-app.js",
        `--pidfile=${folder}/%n.pid`,
        `--logfile=${folder}/%n.log`,
      ],
      env,
    );
    expect(code).toBe(64);
    expect(output).toContain("no-such-app.js");
  });
});

describe("celerity worker", () => {
  it("begins anew at SIGHUP, with the process number it had", async () => {
    const { env, pidFile } = await place();
    const worker = await startCelerity(
      ["worker", "-A", taskModule, "-P", "async", "--pidfile", pidFile("w")],
      env,
    );
    await worker.waitForOutput(/ready\./);
    const pid = readPidFile(pidFile("w")) ?? 0;
    for (const times of [2, 3]) {
      process.kill(pid, "SIGHUP");
      await expect.poll(() => worker.output().split("ready.").length - 1, POLL).toBe(times);
    }
    expect(readPidFile(pidFile("w"))).toBe(pid);
    process.kill(pid, "SIGTERM");
    expect(await worker.ended()).toBe(0);
    expect(readPidFile(pidFile("w"))).toBeUndefined();
  });

  it("is not started twice with one pid file", async () => {
    const { env, pidFile } = await place();
    const worker = await startCelerity(
      ["worker", "-A", taskModule, "-P", "async", "--pidfile", pidFile("w")],
      env,
    );
    await worker.waitForOutput(/ready\./);
    const second = await run(["worker", "-A", taskModule, "-P", "async", "--pidfile", pidFile("w")], env);
    expect(second).toMatchObject({ code: 64 });
    expect(second.output).toContain("runs already");
  });
});

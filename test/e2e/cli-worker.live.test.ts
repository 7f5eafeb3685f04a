/** `celerity worker` as a program: how it ends, what it leaves behind, and the flags that the other tests do not start it with. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { App, AsyncResult } from "../../app/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { requirePython } from "../helpers/python-environment.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";
import { program, startCelerity, taskModule } from "./celerity.ts";
import { matrixModule, PATIENCE_S, POLL } from "./matrix-cell.ts";
import { type BrokerName, backends, brokerNames, brokers } from "./places.ts";
import { createTestApp } from "./sides.ts";

/** The compiled stuck-app.ts, for `-A`. */
const stuckModule = fileURLToPath(new URL("../../dist/test/e2e/stuck-app.js", import.meta.url));
const linesProgram = fileURLToPath(new URL("python/lines_program.py", import.meta.url));
const QUEUE = "celery";
const NODE = "ts@localhost";
const PATIENCE = { timeoutMs: PATIENCE_S * 1000 };

/** A broker, a result store, a caller, and a folder in which tasks note that they start. */
class Scene {
  readonly app: App;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(broker: string, backend: string, folder: string) {
    this.app = createTestApp({ brokerUrl: broker, resultBackend: backend, taskQueueMaxPriority: null });
    this.folder = folder;
    this.env = { CELERY_BROKER_URL: broker, CELERY_RESULT_BACKEND: backend };
  }

  static async on(broker: BrokerName): Promise<Scene> {
    const [url, backend, folder] = await Promise.all([
      brokers[broker](),
      backends.Redis(),
      temporaryFolder(),
    ]);
    return new Scene(url, backend, folder);
  }

  /** A worker that is ready. */
  async start(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<GuardedProcess> {
    const worker = await startCelerity(workerArgs(args), { ...this.env, ...env });
    await worker.waitForOutput(/ ready\./);
    return worker;
  }

  /** Runs another command to its end. */
  async run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const program = await startCelerity(args, this.env);
    const code = await program.ended();
    return { code, output: program.output() };
  }

  send(task: string, ...args: readonly unknown[]): Promise<AsyncResult> {
    return this.app.sendTask(task, { args });
  }

  /** Starts a m.gate, and resolves when it runs. */
  async gate(name: string): Promise<AsyncResult> {
    const result = await this.send("m.gate", this.folder, name);
    await this.untilStarted(name);
    return result;
  }

  async open(name: string): Promise<void> {
    for (const step of [1, 2]) await writeFile(`${this.folder}/${name}-${step}`, "");
  }

  starts(name: string): number {
    const file = `${this.folder}/${name}`;
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  }

  untilNoted(name: string): Promise<void> {
    return expect.poll(() => existsSync(`${this.folder}/${name}`), POLL).toBe(true);
  }

  untilStarted(name: string): Promise<void> {
    return expect.poll(() => this.starts(name), POLL).toBe(1);
  }

  async waiting(): Promise<number> {
    return (await this.app.connection()).queueSize(QUEUE);
  }

  /** The task goes on in another worker. */
  async expectGivenBack(name: string, result: AsyncResult): Promise<void> {
    await expect.poll(() => this.waiting(), POLL).toBe(1);
    await this.open(name);
    const next = await this.start();
    expect(await result.get(PATIENCE)).toBe("open");
    expect(this.starts(name)).toBe(2);
    next.signal("SIGTERM");
    expect(await next.ended()).toBe(0);
  }
}

function workerArgs(args: readonly string[]): readonly string[] {
  const app = args.includes("-A") ? [] : ["-A", matrixModule];
  const pool = args.some((arg) => ["-P", "--autoscale"].includes(arg)) ? [] : ["-P", "prefork", "-c", "2"];
  return ["worker", ...app, "-n", NODE, "--without-mingle", "--without-gossip", ...pool, ...args];
}

describe("celerity worker with processes ends", () => {
  test.each(brokerNames)(
    "in order at SIGTERM on %s: what runs is finished, what waits goes back",
    async (broker) => {
      const scene = await Scene.on(broker);
      const worker = await scene.start(["-c", "1", "-P", "prefork"]);
      const running = await scene.gate("runs");
      const waits = await scene.send("m.add", 2, 3);
      worker.signal("SIGTERM");
      await worker.waitForOutput(/SIGTERM: warm shutdown/);
      await expect.poll(() => scene.waiting(), POLL).toBe(1);
      // The second one is what a supervisor sends to the whole group.
      worker.signal("SIGTERM");
      await scene.open("runs");
      expect(await worker.ended()).toBe(0);
      expect(await running.get(PATIENCE)).toBe("open");
      expect(await waits.state()).toBe("PENDING");
    },
  );

  test("at once at a second Ctrl-C: what runs goes back", async () => {
    const scene = await Scene.on("Redis");
    const worker = await scene.start();
    const running = await scene.gate("runs");
    worker.signal("SIGINT");
    await worker.waitForOutput(/SIGINT: warm shutdown/);
    worker.signal("SIGINT");
    expect(await worker.ended()).toBe(1);
    await scene.expectGivenBack("runs", running);
  });

  test.each([
    ["SIGQUIT", {}],
    ["SIGTERM", { REMAP_SIGTERM: "SIGQUIT" }],
  ] as const)("at once at %s with %j", async (signal, env) => {
    const scene = await Scene.on("RabbitMQ");
    const worker = await scene.start([], env);
    const running = await scene.gate("runs");
    worker.signal(signal);
    expect(await worker.ended()).toBe(1);
    await scene.expectGivenBack("runs", running);
  });

  test("after a soft phase at SIGQUIT, where the settings have one", async () => {
    const scene = await Scene.on("Redis");
    const worker = await scene.start([], { CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT: "600" });
    const running = await scene.gate("finishes");
    worker.signal("SIGQUIT");
    await worker.waitForOutput(/soft shutdown, finishing what runs for 600 s/);
    await scene.open("finishes");
    // Had it waited for the whole phase, this test would not end.
    expect(await worker.ended()).toBe(1);
    expect(await running.get(PATIENCE)).toBe("open");
    expect(await scene.waiting()).toBe(0);
  });

  test("when the soft phase is over", async () => {
    const scene = await Scene.on("Redis");
    const worker = await scene.start([], { CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT: "0.5" });
    const running = await scene.gate("runs");
    worker.signal("SIGQUIT");
    expect(await worker.ended()).toBe(1);
    await scene.expectGivenBack("runs", running);
  });

  test("when a third Ctrl-C ends the soft phase", async () => {
    const scene = await Scene.on("Redis");
    const worker = await scene.start([], { CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT: "600" });
    const running = await scene.gate("runs");
    worker.signal("SIGINT");
    await worker.waitForOutput(/SIGINT: warm shutdown/);
    worker.signal("SIGINT");
    await worker.waitForOutput(/soft shutdown, finishing/);
    worker.signal("SIGINT");
    expect(await worker.ended()).toBe(1);
    await scene.expectGivenBack("runs", running);
  });

  test("without looking back at a third Ctrl-C", async () => {
    const scene = await Scene.on("Redis");
    const worker = await scene.start(["-A", stuckModule]);
    worker.signal("SIGINT");
    await worker.waitForOutput(/never closes/);
    worker.signal("SIGINT");
    await worker.waitForOutput(/cold shutdown/);
    worker.signal("SIGINT");
    expect(await worker.ended()).toBe(1);
  });
});

describe("the processes of a worker", () => {
  /** A worker in a shell that outlives it, so that what it leaves behind can be seen. */
  async function startInShell(
    scene: Scene,
    args: readonly string[],
  ): Promise<{ readonly pid: number; readonly shell: GuardedProcess }> {
    const shell = new GuardedProcess({
      command: "/bin/sh",
      args: [
        "-c",
        '"$@" & echo "worker is $!"; wait $!; exec sleep 600',
        "sh",
        process.execPath,
        program,
        ...workerArgs(args),
      ],
      folder: await temporaryFolder(),
      stopSignal: "SIGTERM",
      env: { ...process.env, ...scene.env },
    });
    cleanUp(() => shell.kill());
    await shell.waitForOutput(/ ready\./);
    return { pid: Number(/worker is (\d+)/.exec(shell.output())?.[1]), shell };
  }

  function childrenOf(pid: number): readonly number[] {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  }

  /** Gone, or only waiting to be collected by whoever inherited it. */
  function isGone(pid: number): boolean {
    try {
      return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return true;
    }
  }

  test.each(["SIGTERM", "SIGKILL"] as const)("are gone after %s", async (signal) => {
    const scene = await Scene.on("Redis");
    const { pid } = await startInShell(scene, []);
    const children = childrenOf(pid);
    expect(children.length).toBeGreaterThanOrEqual(2);
    process.kill(pid, signal);
    await expect.poll(() => [pid, ...children].every(isGone), POLL).toBe(true);
  });

  test("are gone after kill -9 of the worker though they compute", async () => {
    const scene = await Scene.on("Redis");
    const { pid } = await startInShell(scene, []);
    const children = childrenOf(pid);
    for (const name of ["one", "two"]) {
      await scene.send("m.deaf", scene.folder, name);
      await scene.untilStarted(name);
    }
    process.kill(pid, "SIGKILL");
    await expect.poll(() => [pid, ...children].every(isGone), POLL).toBe(true);
  });

  test("are gone after kill -9 of the worker though they are programs in another language", async () => {
    const scene = await Scene.on("Redis");
    const { pid } = await startInShell(scene, [
      "-P",
      `exec:${requirePython("latest")} ${linesProgram}`,
      "-c",
      "1",
    ]);
    await scene.send("lines.endless", `${scene.folder}/pid`);
    await scene.untilNoted("pid");
    const program = Number(readFileSync(`${scene.folder}/pid`, "utf8"));
    expect(isGone(program)).toBe(false);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => isGone(program), POLL).toBe(true);
  });
});

describe.each(brokerNames)("celerity dead-letter on %s", (broker) => {
  test("lists, shows, sends again and drops", async () => {
    const scene = await Scene.on(broker);
    const worker = await scene.start(["-P", "async"]);
    const [late, other, unwanted] = [
      await scene.send("examples.add", 2, 3),
      await scene.send("nobody.knows", "é"),
      await scene.send("nobody.wants"),
    ];
    for (const result of [late, other, unwanted]) {
      await expect(result.get(PATIENCE)).rejects.toMatchObject({ type: "NotRegistered" });
    }
    worker.signal("SIGTERM");
    expect(await worker.ended()).toBe(0);

    const listed = await scene.run("dead-letter", "list", "--json");
    expect(listed.code).toBe(0);
    const letters = listed.output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly position: number; readonly taskId: string });
    expect(letters.map(({ taskId }) => taskId).sort()).toEqual([late.id, other.id, unwanted.id].sort());
    expect(letters[0]).toMatchObject({ position: 1, code: "not_registered", queue: QUEUE, worker: NODE });
    expect((await scene.run("dead-letter", "list")).output.split("\n")).toHaveLength(4);
    const shown = await scene.run("dead-letter", "show", other.id);
    expect(shown.output).toMatch(
      /nobody\.knows\[[\s\S]*\nheaders {2}\{.*"x-celerity-reason"[\s\S]*\ntype {5}application\/json\nbody {5}\[\["(é|\\u00e9)"\]/,
    );
    expect((await scene.run("dead-letter", "show", "no-such-id")).code).toBe(64);
    expect((await scene.run("dead-letter", "drop")).code).toBe(64);

    expect(await scene.run("dead-letter", "drop", unwanted.id)).toEqual({ code: 0, output: "Dropped: 1\n" });
    expect(await scene.run("dead-letter", "replay", late.id)).toEqual({ code: 0, output: "Sent again: 1\n" });
    const able = await scene.start(["-A", taskModule, "-P", "async"]);
    await expect.poll(() => late.state(), POLL).toBe("SUCCESS");
    expect(await late.get(PATIENCE)).toBe(5);
    able.signal("SIGTERM");
    expect(await able.ended()).toBe(0);
    expect((await scene.run("dead-letter", "list")).output).toMatch(/^1 .*nobody\.knows\[[^\n]*\n$/);
    expect(await scene.run("dead-letter", "drop", "--all")).toEqual({ code: 0, output: "Dropped: 1\n" });
    expect((await scene.run("dead-letter", "list")).output).toBe("No dead letters of the queue celery.\n");
  });
});

describe("celerity worker", () => {
  test("remembers with --statedb what was revoked before it started again", async () => {
    const scene = await Scene.on("RabbitMQ");
    const flags = ["-P", "async", "--statedb", `${scene.folder}/state`];
    const before = await scene.start(flags);
    const later = await scene.app.sendTask("m.note", { args: [scene.folder, "revoked"], countdown: 5 });
    const revoked = await scene.run("control", "revoke", later.id, "gone", "-d", NODE, "-t", "30");
    expect(revoked.code).toBe(0);
    before.signal("SIGTERM");
    expect(await before.ended()).toBe(0);
    await scene.start(flags);
    const known = await scene.run("inspect", "revoked", "--json", "-d", NODE, "-t", "30");
    expect(JSON.parse(known.output)).toEqual({ [NODE]: [later.id, "gone"] });
    await expect(later.get(PATIENCE)).rejects.toMatchObject({ code: "task_revoked" });
    expect(scene.starts("revoked")).toBe(0);
  });

  test("grows under load with --autoscale", async () => {
    const scene = await Scene.on("Redis");
    await scene.start(["--autoscale", "4,1"]);
    const pool = async (): Promise<unknown> =>
      JSON.parse((await scene.run("inspect", "stats", "--json", "-d", NODE, "-t", "30")).output)[NODE];
    expect(await pool()).toMatchObject({ pool: { "max-concurrency": 1 }, autoscaler: { max: 4, min: 1 } });
    const names = ["a", "b", "c", "d"];
    const gates = await Promise.all(names.map((name) => scene.gate(name)));
    expect(await pool()).toMatchObject({
      pool: { "max-concurrency": 4, processes: names.map(() => expect.any(Number)) },
    });
    const range = await scene.run("control", "autoscale", "6", "2", "-d", NODE, "-t", "30");
    expect(range.output).toContain("autoscale now max=6 min=2");
    for (const name of names) await scene.open(name);
    for (const gate of gates) expect(await gate.get(PATIENCE)).toBe("open");
  });

  test("has a pool of its own for some queues with --pool-for", async () => {
    const scene = await Scene.on("RabbitMQ");
    const worker = await scene.start([
      "-P",
      "async",
      "-Q",
      QUEUE,
      "--pool-for",
      "cpu,render=prefork:1",
      "--pool-for",
      "light=threads:1",
    ]);
    const where = async (queue: string): Promise<readonly number[]> => {
      const at = await (await scene.app.sendTask<string>("m.where", { queue })).get(PATIENCE);
      return at.split(".").map(Number);
    };
    expect(await where(QUEUE)).toEqual([worker.pid, 0]);
    const [cpu, render, light] = [await where("cpu"), await where("render"), await where("light")];
    expect(cpu).toEqual(render);
    expect(cpu[0]).not.toBe(worker.pid);
    expect(light[0]).toBe(worker.pid);
    expect(light[1]).toBeGreaterThan(0);
  });

  test("runs a Python program with --pool exec:", async () => {
    const scene = await Scene.on("Redis");
    await scene.start(["-P", `exec:${requirePython("latest")} ${linesProgram}`, "-c", "2"]);
    const call = async (task: string, args: readonly unknown[] = []): Promise<unknown> =>
      (await scene.app.sendTask(task, { args, kwargs: { key: "é" } })).get(PATIENCE);
    expect(await call("lines.divide", [7, 2])).toBe(3.5);
    expect(await call("lines.again")).toEqual(["lines.again", 2, { key: "é" }]);
    await expect(call("lines.divide", [7, 0])).rejects.toMatchObject({
      type: "ZeroDivisionError",
      module: "builtins",
    });
  });

  test("posts to a server with --pool http://", async () => {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { task, args, retries } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly task: string;
        readonly args: readonly unknown[];
        readonly retries: number;
      };
      if (task === "web.busy" && retries === 0) response.writeHead(503, { "retry-after": "0" }).end();
      else if (task === "web.fail")
        response.writeHead(422).end(JSON.stringify({ error: { type: "ValueError", message: "no" } }));
      else response.end(JSON.stringify([task, args, retries]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    const scene = await Scene.on("RabbitMQ");
    await scene.start(["-P", `http://127.0.0.1:${(server.address() as AddressInfo).port}/run`]);
    const call = async (task: string, ...args: readonly unknown[]): Promise<unknown> =>
      (await scene.send(task, ...args)).get(PATIENCE);
    expect(await call("web.echo", 1, "é")).toEqual(["web.echo", [1, "é"], 0]);
    expect(await call("web.busy")).toEqual(["web.busy", [], 1]);
    await expect(call("web.fail")).rejects.toMatchObject({ type: "ValueError", args: ["no"] });
  });
});

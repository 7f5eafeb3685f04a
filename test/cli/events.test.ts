/** `celerity events` as users run it: in a pipe, and on a terminal. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type App, type ClusterEvent, createApp } from "../../app/index.ts";
import { createDumper } from "../../cli/events/dump.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker } from "../../worker/index.ts";
import { python, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { amqpUrl, redisUrl, temporaryFolder } from "../helpers/services.ts";

const POLL = { timeout: 40_000 };
const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** A running command, and what it has printed. */
interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly ended: Promise<readonly unknown[]>;
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  // A group of its own, which ends as a whole.
  const child = spawn(command, args, { env: { ...process.env, ...env }, detached: true });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = once(child, "close");
  cleanUp(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await ended;
  });
  return { child, output: () => output, errors: () => errors, ended };
}

function startEvents(args: readonly string[]): Started {
  return start(process.execPath, ["--import", "tsx", main, "events", ...args]);
}

function openApp(brokerUrl: string): App {
  const app = createApp({ env: {}, brokerUrl, onWarning: () => undefined });
  cleanUp(() => app.close());
  return app;
}

async function startWorker(brokerUrl: string): Promise<void> {
  const app = openApp(brokerUrl);
  app.task("examples.add", (x: number, y: number) => x + y);
  const worker = createWorker({ app, queues: ["ts"], hostname: "ts@here", pool: "async", taskEvents: true });
  cleanUp(() => worker.stop());
  await worker.start();
}

async function publishEvent(app: App, event: Readonly<Record<string, unknown>>): Promise<void> {
  const connection = await app.connection();
  await connection.declareExchange({ name: "celeryev", type: "fanout" });
  const message = {
    body: Buffer.from(JSON.stringify(event)),
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers: {},
    properties: { deliveryMode: 1, priority: 0 },
  } as const;
  await connection.publish(message, { exchange: "celeryev", routingKey: "task.multi", optional: true });
}

test("writes lines as Celery's dumper does", async () => {
  const event = (type: string, more: Readonly<Record<string, unknown>>): ClusterEvent => ({
    type,
    hostname: "w1@here",
    timestamp: 1_790_000_000.123456,
    local_received: 1_790_000_000.5,
    clock: 1,
    ...more,
  });
  const task = { uuid: "a", name: "add", args: "(1, 'é')", kwargs: "{}" };
  const events = [
    event("worker-online", { loadavg: [0.5, 1.25], freq: 2, sw_sys: null }),
    event("worker-heartbeat", { active: true }),
    event("worker-offline", {}),
    event("task-sent", { ...task, queue: "q", eta: null }),
    event("task-received", { ...task, root_id: "a", parent_id: null }),
    event("task-succeeded", { uuid: "a", result: "'five'", runtime: 0.25 }),
    event("task-started", { uuid: "unknown" }),
    event("task-my-own", { uuid: "a", note: { deep: [1, "two"] } }),
    event("Other-Thing", { timestamp: 1_790_000_000 }),
  ];
  const file = fileURLToPath(new URL("dumper.py", import.meta.url));
  const theirs = await python({ version: "latest", file, input: events });
  const dump = createDumper();
  expect(events.map(dump)).toEqual(String(theirs).trimEnd().split("\n"));
});

test("a line stays a line, and a terminal has nothing to obey in it", () => {
  const dump = createDumper();
  const nasty = "\x1b[31mred\nnext\u009b2J\u202e";
  const envelope = { hostname: nasty, timestamp: 1e300, local_received: 1, clock: 1 };
  const line = dump({ ...envelope, type: "task-received", uuid: nasty, name: nasty, [nasty]: nasty });
  expect(line).toContain("\\x1b[31mred\\nnext\\x9b2J\\u202e");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there.
  expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
});

describe.each([
  ["Redis", redisUrl],
  ["RabbitMQ", amqpUrl],
] as const)("without a terminal, on %s", (_name, broker) => {
  test("prints a line for each event of workers of all kinds, until it is stopped", async () => {
    const url = await broker();
    const versions = pythonVersions();
    const dumping = startEvents(["-b", url]);
    const json = startEvents(["-b", url, "--json"]);
    await Promise.all([
      startWorker(url),
      ...versions.map((version) =>
        startPythonWorker({ version, broker: url, args: ["-Q", `py${version}`, "-E"] }),
      ),
    ]);
    const app = openApp(url);
    // Now both listen.
    await expect
      .poll(dumping.output, POLL)
      .toMatch(/^-> evdump: .*\n[\s\S]*ts@here \[.*\] heartbeat: active=0, /);
    await expect.poll(json.output, POLL).toContain('"worker-heartbeat"');
    for (const queue of ["ts", ...versions.map((version) => `py${version}`)]) {
      const { id } = await app.sendTask("examples.add", { args: [2, 3], queue });
      for (const line of [
        `\\] task received: examples.add\\(${id}\\) args=\\(2, 3\\) kwargs=\\{\\} clock=`,
        `\\] task started: examples.add\\(${id}\\) .* utcoffset=`,
        `\\] task succeeded: examples.add\\(${id}\\) .* result=5, runtime=`,
      ]) {
        await expect
          .poll(dumping.output, POLL)
          .toMatch(new RegExp(`^\\S+@\\S+ \\[[-\\d]+ [.:\\d]+\\+00:00${line}`, "m"));
      }
      await expect.poll(json.output, POLL).toContain(id);
      const found = json
        .output()
        .split("\n")
        .filter((line) => line.includes(id))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(found).toContainEqual(
        expect.objectContaining({ type: "task-received", uuid: id, args: "(2, 3)" }),
      );
    }
    dumping.child.kill("SIGINT");
    json.child.kill("SIGTERM");
    expect([await dumping.ended, await json.ended]).toEqual([
      [0, null],
      [0, null],
    ]);
    expect([dumping.errors(), json.errors()]).toEqual(["", ""]);
  });
});

test("ends quietly when nobody reads any more", async () => {
  const url = await redisUrl();
  const command = `${process.execPath} --import tsx ${main} events --dump -b ${url} | head -n 2`;
  const piped = start("bash", ["-c", `${command}; echo "status \${PIPESTATUS[0]}"`]);
  const app = openApp(url);
  const timer = setInterval(() => void publishEvent(app, { type: "worker-online", hostname: "w" }), 50);
  onTestFinished(() => clearInterval(timer));
  await piped.ended;
  expect(piped.output()).toMatch(/\nw \[.*\nstatus 0\n/);
  expect(piped.errors()).toBe("");
});

// The options of `script`, which gives a command a terminal, are those of Linux.
describe.runIf(process.platform === "linux")("on a terminal", () => {
  let url: string;
  let app: App;
  beforeAll(async () => {
    url = await redisUrl();
    app = openApp(url);
  });

  /** A terminal of 100 columns and 20 rows with the monitor on it, and the name of its device. */
  async function startTerminal(
    env: NodeJS.ProcessEnv = {},
  ): Promise<Started & { readonly device: string; readonly pidFile: string }> {
    const file = `${await temporaryFolder()}/device`;
    const run = `echo $$ > ${file}.pid; exec ${process.execPath} --import tsx ${main} events -b ${url}`;
    const inside = `stty cols 100 rows 20; tty > ${file}; sh -c '${run}'; echo "status $?"; stty -a`;
    const started = start("script", ["--quiet", "--return", "--command", inside, "/dev/null"], {
      ...env,
      SHELL: "/bin/sh",
      TERM: "xterm",
    });
    await expect.poll(() => screen(started), POLL).toContain("celerity events");
    return { ...started, device: (await readFile(file, "utf8")).trim(), pidFile: `${file}.pid` };
  }

  /** The last drawing that is complete, without its styles. */
  function screen({ output }: Started): string {
    const drawings = output().split("\x1b[H").slice(1);
    const complete = drawings.filter((drawing) => drawing.includes("\x1b[J"));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what the screen is made with.
    return (complete.at(-1)?.split("\x1b[J")[0] ?? "").replaceAll(/\x1b\[\d+m/g, "");
  }

  test("shows tasks, inspects and revokes them, and leaves the terminal as it was", async () => {
    const terminal = await startTerminal({ NO_COLOR: "1" });
    const press = (keys: string): void => void terminal.child.stdin?.write(keys);
    const revoked: unknown[] = [];
    const other = openApp(url);
    other.task("wait", () => new Promise<void>(() => undefined));
    const worker = createWorker({
      app: other,
      queues: ["slow"],
      hostname: "slow@here",
      pool: "async",
      taskEvents: true,
    });
    cleanUp(() => worker.stop(AbortSignal.abort()));
    other.on("task_revoked", ({ taskId }) => revoked.push(taskId));
    await worker.start();
    const { id } = await app.sendTask("wait", { args: [], queue: "slow" });
    await publishEvent(app, {
      type: "task-received",
      hostname: "\x1b[2Jevil",
      uuid: "evil",
      clock: 1,
      name: "\x1b]0;owned\x07",
    });
    await expect
      .poll(() => screen(terminal), POLL)
      .toMatch(new RegExp(`${id} wait +slow@here +[:\\d]+ STARTED`));
    await expect.poll(() => screen(terminal), POLL).toMatch(/evil +\\x1b\]0;owned\\x07 +\\x1b\[2Jevil/);
    expect(screen(terminal)).toMatch(/Online: .*slow@here/);
    expect(terminal.output()).not.toContain("\x1b[2J");

    execFileSync("stty", ["-F", terminal.device, "cols", "60", "rows", "10"]);
    await expect
      .poll(
        () =>
          screen(terminal)
            .split(/\r+\n/)
            .map((line) => [...line].length),
        POLL,
      )
      .toEqual(Array.from({ length: 10 }, () => 60));
    press("j\x1b[B\x1b[A");
    press("\r");
    await expect.poll(() => screen(terminal), POLL).toContain(`uuid: ${id}`);
    press("c");
    await expect.poll(() => screen(terminal), POLL).toContain(`Revoke ${id}?`);
    press("t");
    await expect.poll(() => revoked, POLL).toEqual([id]);
    await expect.poll(() => screen(terminal), POLL).toMatch(/state: REVOKED/);

    press("\x03");
    await terminal.ended;
    const [, after = ""] = terminal.output().split("\x1b[?1049l");
    expect(terminal.output()).toContain("\x1b[?25h\x1b[?1049l");
    expect(after).toContain("status 0");
    expect(after).toMatch(/(?<!-)icanon/);
    expect(after).toMatch(/(?<!-)\becho\b/);
  });

  test("leaves it so when it is told to end", async () => {
    const terminal = await startTerminal();
    const pid = await readFile(terminal.pidFile, "utf8");
    process.kill(Number(pid), "SIGTERM");
    await terminal.ended;
    expect(terminal.output().split("\x1b[?1049l")[1]).toMatch(/status 0[\s\S]*(?<!-)icanon/);
  });
});

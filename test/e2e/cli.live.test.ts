/** The command line program: from one command to a gateway in front of somebody's Celery. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { VERSION } from "../../version.ts";
import { pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/services.ts";
import type { GuardedProcess } from "../helpers/services-process.ts";
import { startCelerity, taskModule } from "./celerity.ts";
import { backends, brokers, pythonTasks } from "./places.ts";

/** A submitted task as the gateway tells of it. */
interface Task {
  readonly id: string;
  readonly state: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** The address in the output of `up` or `gateway`, once it is there. */
async function addressOf(program: GuardedProcess): Promise<string> {
  await program.waitForOutput(/http:\/\/[^\s/]+[\s\S]*\n/);
  return /http:\/\/[^\s/]+/.exec(program.output())?.[0] ?? "";
}

async function startUp(folder: string, ...more: readonly string[]): Promise<[GuardedProcess, string]> {
  const program = await startCelerity(["up", "--port", "0", "--data-dir", folder, ...more]);
  const address = await addressOf(program);
  await program.waitForOutput(/Ctrl-C/);
  return [program, address];
}

/** Sends a task and waits for its end. */
async function submit(address: string, body: object): Promise<Task> {
  const answer = await fetch(`${address}/v1/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=20" },
    body: JSON.stringify(body),
  });
  const task = (await answer.json()) as Task;
  expect([answer.status, task]).toEqual([200, expect.anything()]);
  return task;
}

async function getTask(address: string, id: string): Promise<Task> {
  return (await fetch(`${address}/v1/tasks/${id}`)).json() as Promise<Task>;
}

/** Runs a command to its end. */
async function run(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const program = await startCelerity(args, env);
  const code = await program.ended();
  return { code, output: program.output() };
}

describe("celerity up", () => {
  test("prints a line for curl that works as it stands", async () => {
    const folder = await temporaryFolder();
    const [program, address] = await startUp(folder);
    expect(program.output()).toContain(folder);
    const [, url = "", flags = "", body = ""] =
      /curl -sS (\S+) ((?:-H '[^']*' )+)-d '([^']*)'/.exec(program.output()) ?? [];
    expect(url).toBe(`${address}/v1/tasks`);
    const headers = [...flags.matchAll(/-H '([^:]*): ([^']*)'/g)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]);
    const answer = await fetch(url, { method: "POST", headers: Object.fromEntries(headers), body });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ task: "examples.add", state: "SUCCESS", result: 5 });
    expect(["celerity.db", "gateway.db"].map((name) => existsSync(`${folder}/${name}`))).toEqual([
      true,
      true,
    ]);
  });

  test("finishes what runs on Ctrl-C, exits with 0 and remembers it", async () => {
    const folder = await temporaryFolder();
    const [program, address] = await startUp(folder);
    const accepted = await fetch(`${address}/v1/call/examples.slow`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"seconds": 1}',
    });
    expect(accepted.status).toBe(202);
    const { id } = (await accepted.json()) as Task;
    await expect.poll(async () => (await getTask(address, id)).state, { timeout: 20_000 }).toBe("PROGRESS");
    program.signal("SIGINT");
    expect(await program.ended()).toBe(0);

    const [, again] = await startUp(folder);
    expect(await getTask(again, id)).toMatchObject({
      state: "SUCCESS",
      task: "examples.slow",
      result: "waited 1 s",
    });
  });

  test("says what to do when the port is in use", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { code, output } = await run(["up", "--port", String(port), "--data-dir", await temporaryFolder()]);
    expect(code).not.toBe(0);
    expect(output).toMatch(new RegExp(`^celerity: .*\\b${port}\\b.*in use.*--port`, "m"));
    expect(output).not.toMatch(/^\s+at /m);
  });

  test("shares its file with a Python worker", async () => {
    const folder = await temporaryFolder();
    const [, address] = await startUp(folder);
    const file = `sqlite:///${folder}/celerity.db`;
    const places = { broker: `sqla+${file}`, backend: `db+${file}` };
    await startPythonWorker({ version: "latest", ...places, ...pythonTasks, args: ["-Q", "py"] });
    const [here, there] = await Promise.all([
      submit(address, { task: "examples.add", args: [2, 3] }),
      submit(address, { task: "py.echo", args: ["é"], kwargs: { deep: [1] }, queue: "py" }),
    ]);
    expect([here.result, there.result]).toEqual([5, [["é"], { deep: [1] }]]);
    const failed = await submit(address, { task: "py.fail", args: ["ValueError", "bad"], queue: "py" });
    expect(failed).toMatchObject({
      state: "FAILURE",
      error: { type: "ValueError", module: "builtins", args: ["bad"] },
    });
    expect(await getTask(address, there.id)).toMatchObject({ state: "SUCCESS", queue: "py" });
  });
});

describe("celerity gateway", () => {
  const switches = [
    ["RabbitMQ", "rpc", "flags"],
    ["Redis", "Redis", "the environment"],
  ] as const;
  const places = switches.flatMap((place) => pythonVersions().map((version) => [...place, version] as const));

  test.each(places)("works in front of %s, results in %s, told by %s, Python Celery %s", async (...place) => {
    const [broker, backend, by, version] = place;
    const [url, results] = [await brokers[broker](), await backends[backend]()];
    const args = ["gateway", "--port", "0", "--data-dir", await temporaryFolder()];
    const [program] = await Promise.all([
      by === "flags"
        ? startCelerity([...args, "--broker", url, "--result-backend", results])
        : startCelerity(args, { CELERY_BROKER_URL: url, CELERY_RESULT_BACKEND: results }),
      startPythonWorker({ version, broker: url, backend: results, ...pythonTasks }),
    ]);
    const address = await addressOf(program);
    expect(await submit(address, { task: "examples.add", args: [2, 3] })).toMatchObject({
      state: "SUCCESS",
      result: 5,
    });
    const failed = await submit(address, { task: "py.fail", args: ["KeyError", "x"] });
    expect(failed).toMatchObject({ state: "FAILURE", error: { type: "KeyError", args: ["x"] } });
    expect(await submit(address, { task: "py.retry", args: [1] })).toMatchObject({ result: 1 });
    program.signal("SIGTERM");
    expect(await program.ended()).toBe(0);
  });
});

describe("celerity worker, call and result", () => {
  test("work together, and their exit codes tell what happened", async () => {
    const env = { CELERY_BROKER_URL: await brokers.Redis(), CELERY_RESULT_BACKEND: await backends.Redis() };
    const worker = await startCelerity(["worker", "-A", taskModule, "-n", "one@%h", "-c", "5"], env);
    await worker.waitForOutput(/one@\S+ ready\./);
    expect(await run(["call", "examples.add", "-a", "[2, 3]", "--wait", "20"], env)).toEqual({
      code: 0,
      output: "5\n",
    });

    const sent = await run(["call", "ts.echo", "-a", "[1]", "-k", '{"key": "é"}', "--countdown", "0.1"], env);
    expect(sent).toEqual({ code: 0, output: expect.stringMatching(/^[-\w]{36}\n$/) });
    const result = await run(["result", sent.output.trim(), "--timeout", "20"], env);
    expect(result).toEqual({ code: 0, output: '[[1],{"key":"é"}]\n' });

    const failed = await run(["call", "ts.fail", "-a", '["too far"]', "--wait", "20"], env);
    expect(failed).toEqual({ code: 1, output: "celerity: RangeError: too far\n" });
    const unheard = await run(["call", "ts.echo", "--queue", "nobody", "--wait", "0.1"], env);
    expect(unheard).toEqual({
      code: 75,
      output: expect.stringMatching(/^celerity: .*did not end within 100 ms/),
    });

    worker.signal("SIGTERM");
    expect(await worker.ended()).toBe(0);
  });

  test.each([
    [["--version"], 0, /^\d+\.\d+\.\d+\n$/],
    [
      ["--help"],
      0,
      /^Usage: celerity [\s\S]*\bup\b[\s\S]*\bworker\b[\s\S]*\bgateway\b[\s\S]*\bcall\b[\s\S]*\bresult\b/,
    ],
    [["worker", "--help"], 0, /-A, --app [\s\S]*-Q, --queues [\s\S]*-c, --concurrency /],
    [["nonsense"], 1, /^error: unknown command 'nonsense'/],
    [["worker"], 1, /^error: required option '-A, --app <module>'/],
    [["worker", "-A", "./no-such-file.js"], 64, /^celerity: .*no-such-file\.js/],
    [["call", "x", "--broker", "nonsense://host"], 64, /^celerity: .*nonsense/],
    [["call", "x", "-a", "{not json"], 1, /^error: .*Not JSON/],
    [["call", "x", "--broker", "redis://127.0.0.1:1"], 69, /^celerity: The broker cannot be reached: /m],
  ] as const)("celerity %j exits with %i", async (args, code, output) => {
    expect(await run(args)).toEqual({ code, output: expect.stringMatching(output) });
  });

  test("prints the version of the package", async () => {
    expect((await run(["-V"])).output).toBe(`${VERSION}\n`);
  });
});

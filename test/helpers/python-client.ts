import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { cleanUp } from "../../testing/clean-up.ts";
import { type PythonApp, pythonEnvironment, pythonFolder, requirePython } from "./python-environment.ts";

/** A Python exception, as test/helpers/python/call.py reports it. */
interface PythonFailure {
  readonly type: string;
  readonly module: string;
  readonly message: string;
  readonly traceback: string;
}

/** What call.py answers: one of these members. */
interface Answer {
  readonly id?: string;
  readonly value?: unknown;
  readonly error?: PythonFailure;
}

/** An exception raised in Python: the class `type` of `module`. */
export class PythonError extends Error {
  override readonly name = "PythonError";
  readonly type: string;
  readonly module: string;
  readonly traceback: string;

  constructor(failure: PythonFailure) {
    super(failure.message);
    this.type = failure.type;
    this.module = failure.module;
    this.traceback = failure.traceback;
  }
}

/**
 * A real Python producer in one long-lived process. It does one thing after another, so that calls wait for the ones
 * before them; every call rejects with a PythonError for an exception raised in Python.
 */
export interface PythonClient {
  /** `app.send_task(task, args, kwargs, **options)`; resolves to the task's id. */
  send(
    task: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  /** The task's result; rejects with the task's exception. `timeoutSeconds` is 20 when not given. */
  get(id: string, timeoutSeconds?: number): Promise<unknown>;
  /** The task's state, for example `STARTED`. */
  state(id: string): Promise<string>;
  /** The replies to an `app.control.inspect(**options)` method, by worker; null when nobody replied. */
  inspect(
    method: string,
    args?: readonly unknown[],
    options?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>> | null>;
  /**
   * Any Python expression: `app`, `chain`, `chord`, `group`, `signature` and the modules `datetime`, `decimal`, `uuid` are
   * at hand. Resolves to its value as JSON, or to the id when it is a result object, which `get` then knows.
   */
  evaluate(code: string): Promise<unknown>;
  /** Ends the process. It ends by itself with the test, or the file, that started it. */
  close(): Promise<void>;
}

/** Starts test/helpers/python/call.py with the app of tasks_app.py. */
export function startPythonClient(app: PythonApp): PythonClient {
  const driver = new Driver(app);
  cleanUp(() => driver.close());
  return {
    async send(task, args = [], kwargs = {}, options = {}) {
      return (await driver.call({ op: "send", task, args, kwargs, options })).id ?? "";
    },
    get: async (id, timeout = 20) => (await driver.call({ op: "get", id, timeout })).value,
    state: async (id) => String((await driver.call({ op: "state", id })).value),
    async inspect(method, args = [], options = {}) {
      const { value } = await driver.call({ op: "inspect", method, arguments: args, options });
      return (value ?? null) as Readonly<Record<string, unknown>> | null;
    },
    async evaluate(code) {
      const { id, value } = await driver.call({ op: "eval", code });
      return id ?? value;
    },
    close: () => driver.close(),
  };
}

/** The process: a command a line, an answer a line. It ends when its standard input does, so it cannot outlive us. */
class Driver {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: Interface;
  readonly #waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  readonly #exited: Promise<unknown>;
  #errors = "";

  constructor(app: PythonApp) {
    const env = pythonEnvironment(app);
    this.#child = spawn(requirePython(app.version), ["call.py"], { cwd: pythonFolder, env });
    this.#exited = once(this.#child, "close").then(() => this.#fail());
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.#answers = createInterface(this.#child.stdout);
    this.#answers.on("line", (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    // A write to a process that ended; what waits for the answer learns it from its end.
    this.#child.stdin.on("error", () => {});
  }

  async call(command: Readonly<Record<string, unknown>>): Promise<Answer> {
    if (this.#child.exitCode !== null) throw new Error(`The Python client has ended:\n${this.#errors}`);
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    });
    if (answer.error) throw new PythonError(answer.error);
    return answer;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    // It may be waiting for a result or a broker that will not come.
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await this.#exited;
    clearTimeout(timer);
  }

  #fail(): void {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error(`The Python client ended without an answer:\n${this.#errors}`));
    }
  }
}

import { cleanUp } from "../../testing/clean-up.ts";
import { type PythonApp, pythonEnvironment } from "./python-environment.ts";
import { PythonLines } from "./python-lines.ts";

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
  /** What `app.control.<method>(*args, **options)` returns; with `reply: true` a list of `{worker: reply}`, else null. */
  control(
    method: string,
    args?: readonly unknown[],
    options?: Readonly<Record<string, unknown>>,
  ): Promise<unknown>;
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
  const driver = new PythonLines({ version: app.version, file: "call.py", env: pythonEnvironment(app) });
  cleanUp(() => driver.close());
  const call = async (command: Readonly<Record<string, unknown>>): Promise<Answer> => {
    const answer = (await driver.call(command)) as Answer;
    if (answer.error) throw new PythonError(answer.error);
    return answer;
  };
  return {
    async send(task, args = [], kwargs = {}, options = {}) {
      return (await call({ op: "send", task, args, kwargs, options })).id ?? "";
    },
    get: async (id, timeout = 20) => (await call({ op: "get", id, timeout })).value,
    state: async (id) => String((await call({ op: "state", id })).value),
    async inspect(method, args = [], options = {}) {
      const { value } = await call({ op: "inspect", method, arguments: args, options });
      return (value ?? null) as Readonly<Record<string, unknown>> | null;
    },
    control: async (method, args = [], options = {}) =>
      (await call({ op: "control", method, arguments: args, options })).value ?? null,
    async evaluate(code) {
      const { id, value } = await call({ op: "eval", code });
      return id ?? value;
    },
    close: () => driver.close(),
  };
}

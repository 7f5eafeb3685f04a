/**
 * Both sides of a conversation: a TypeScript app and worker (queue `ts`) and a Python client and worker (queue `py`) on one
 * broker and one result store.
 */
import { randomUUID } from "node:crypto";
import { type App, createApp, type SendOptions, type Settings, TaskError } from "../../app/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker, type Worker, type WorkerOptions } from "../../worker/index.ts";
import {
  type PythonClient,
  PythonError,
  type PythonVersion,
  type PythonWorker,
  startPythonClient,
  startPythonWorker,
} from "../helpers/python.ts";
import { type BackendName, type BrokerName, backends, brokers, pythonTasks } from "./places.ts";
import { registerTasks } from "./tasks.ts";

/** How long any result may take. */
const TIMEOUT_MS = 20_000;

/** What is the same for both sides. */
export interface SidesOptions {
  readonly broker: BrokerName;
  readonly backend: BackendName;
  readonly version: PythonVersion;
  readonly serializer?: string;
  readonly compression?: string;
  /** A queue that both workers serve. */
  readonly sharedQueue?: string;
}

/** One way to go: who sends, and whose worker runs it. The Python side gets the options under Celery's names. */
export interface Way {
  /** Sends the worker's task of that name (`echo` is `ts.echo` or `py.echo`; with a dot it stays); resolves to the id. */
  send(task: string, args?: readonly unknown[], options?: SendOptions): Promise<string>;
  /** The return value; rejects when the task failed. */
  get(id: string): Promise<unknown>;
  call(task: string, args?: readonly unknown[], options?: SendOptions): Promise<unknown>;
  /** The exception, whatever class the caller's language has for it. */
  failure(id: string): Promise<{ readonly type: string; readonly module: string; readonly message: string }>;
  state(id: string): Promise<string>;
}

export interface Sides {
  readonly brokerUrl: string;
  readonly backendUrl: string;
  readonly app: App;
  readonly worker: Worker;
  readonly python: PythonClient;
  readonly pythonWorker: PythonWorker;
  readonly toTypeScript: Way;
  readonly toPython: Way;
  close(): Promise<void>;
}

/** Starts everything; ends with close(), or with the test or file that started it. */
export async function startSides(options: SidesOptions): Promise<Sides> {
  const [broker, backend] = await Promise.all([brokers[options.broker](), backends[options.backend]()]);
  const both = {
    ...(options.serializer === undefined ? {} : { serializer: options.serializer }),
    ...(options.compression === undefined ? {} : { compression: options.compression }),
  };
  const pythonApp = {
    ...both,
    version: options.version,
    broker,
    backend,
    conf: { task_queue_max_priority: 10, task_track_started: true, result_chord_retry_interval: 0.2 },
  };
  const settings = {
    brokerUrl: broker,
    resultBackend: backend,
    resultChordRetryInterval: 0.2,
    ...(options.serializer === undefined
      ? {}
      : { taskSerializer: options.serializer, resultSerializer: options.serializer }),
    ...(options.compression === undefined
      ? {}
      : {
          taskCompression: options.compression,
          // Celery before 5.7 neither compresses results nor knows that they can be.
          resultCompression: options.version === "5.2" ? null : options.compression,
        }),
  };
  const app = createTestApp(settings);
  const shared = options.sharedQueue === undefined ? [] : [options.sharedQueue];
  const worker = await startWorker(createTestApp(settings), ["ts", ...shared]);
  const pythonWorker = await startPythonWorker({
    ...pythonApp,
    ...pythonTasks,
    args: ["-Q", ["py", ...shared].join()],
  });
  const python = startPythonClient(pythonApp);
  return {
    brokerUrl: broker,
    backendUrl: backend,
    app,
    worker,
    python,
    pythonWorker,
    toTypeScript: fromPython(python),
    toPython: fromTypeScript(app),
    async close() {
      await Promise.all([worker.stop(), python.close(), pythonWorker.stop()]);
      await Promise.all([worker.app.close(), app.close()]);
    },
  };
}

/** An app with all tasks that reads all serializers; ends with the test or file that made it. */
export function createTestApp(settings: Partial<Settings>): App {
  const app = createApp({
    env: {},
    acceptContent: ["json", "yaml", "msgpack", "pickle"],
    taskQueueMaxPriority: 10,
    onWarning: () => undefined,
    ...settings,
  });
  registerTasks(app);
  cleanUp(() => app.close());
  return app;
}

/** A started worker; ends with the test or file that started it. */
export async function startWorker(
  app: App,
  queues: readonly string[],
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const worker = createWorker({
    app,
    queues,
    hostname: `ts-${randomUUID().slice(0, 8)}@localhost`,
    ...options,
  });
  cleanUp(() => worker.stop());
  await worker.start();
  return worker;
}

function fromPython(python: PythonClient): Way {
  const send: Way["send"] = (task, args = [], { kwargs, ...options } = {}) =>
    python.send(named("ts", task), args, kwargs, { queue: "ts", ...toSnakeCase(options) });
  return {
    send,
    get: (id) => python.get(id, TIMEOUT_MS / 1000),
    call: async (...call) => python.get(await send(...call), TIMEOUT_MS / 1000),
    failure: (id) => failureOf(python.get(id, TIMEOUT_MS / 1000), PythonError),
    state: (id) => python.state(id),
  };
}

function fromTypeScript(app: App): Way {
  const send: Way["send"] = async (task, args = [], options = {}) =>
    (await app.sendTask(named("py", task), { queue: "py", ...options, args })).id;
  const get: Way["get"] = (id) => app.result(id).get({ timeoutMs: TIMEOUT_MS });
  return {
    send,
    get,
    call: async (...call) => get(await send(...call)),
    failure: (id) => failureOf(get(id), TaskError),
    state: (id) => app.result(id).state(),
  };
}

async function failureOf<Failure extends Error>(
  result: Promise<unknown>,
  kind: new (...args: never[]) => Failure,
): Promise<Failure> {
  const thrown = await result.then(
    (value) => new Error(`It did not fail but returned ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (thrown instanceof kind) return thrown;
  throw thrown;
}

function named(prefix: string, task: string): string {
  return task.includes(".") ? task : `${prefix}.${task}`;
}

function toSnakeCase(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const renamed = Object.entries(options).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return Object.fromEntries(renamed);
}

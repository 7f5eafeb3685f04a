/** One cell of worker-matrix.live.test.ts: a TypeScript worker that the command line started, and how Python talks to it. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type PythonClient, PythonError, type PythonVersion, startPythonClient } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/services.ts";
import type { GuardedProcess } from "../helpers/services-process.ts";
import { startCelerity } from "./celerity.ts";
import { type BrokerName, backends, brokers } from "./places.ts";

/** The compiled matrix-app.ts, for `-A`. */
export const matrixModule: string = fileURLToPath(
  new URL("../../dist/test/e2e/matrix-app.js", import.meta.url),
);

/** Far more than anything takes here; a busy machine is slow. */
export const PATIENCE_S = 40;
export const POLL: { readonly timeout: number; readonly interval: number } = {
  timeout: PATIENCE_S * 1000,
  interval: 20,
};

/** A broker with a result store, and a Python producer for it. */
export interface Place {
  readonly broker: string;
  readonly backend: string;
  readonly python: PythonClient;
}

export async function startPlace(name: BrokerName, version: PythonVersion): Promise<Place> {
  // Celery 5.2 keeps results in a database as pickles, and reads nothing else there.
  const store = name === "SQLite" && version !== "5.2" ? "SQLite" : "Redis";
  const [broker, backend] = await Promise.all([brokers[name](), backends[store]()]);
  return { broker, backend, python: startPythonClient({ version, broker, backend }) };
}

/** How a Python caller sees the end of a task that did not succeed. */
export interface Failure {
  readonly type: string;
  readonly module: string;
  readonly message: string;
}

export interface Cell {
  readonly python: PythonClient;
  readonly queue: string;
  readonly node: string;
  /** Tasks note in files of this folder that they start. */
  readonly folder: string;
  readonly worker: GuardedProcess;
  send(task: string, args?: readonly unknown[], options?: Readonly<Record<string, unknown>>): Promise<string>;
  call(
    task: string,
    args?: readonly unknown[],
    options?: Readonly<Record<string, unknown>>,
  ): Promise<unknown>;
  failure(id: string): Promise<Failure>;
  /** How often a task has noted this name. */
  starts(name: string): number;
  untilStarted(name: string, times?: number): Promise<void>;
  /** Lets the m.gate of that name go. */
  open(name: string, ...steps: readonly (1 | 2)[]): Promise<void>;
  /** kill -9 of the worker and its children, and another one in its place. */
  replace(): Promise<void>;
  /** Stops the worker in order; resolves to its exit code. */
  stop(): Promise<number | null>;
}

/** `args` and `env` are those of the worker's command line. */
export async function startCell(
  place: Place,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Cell> {
  const { python } = place;
  const [queue, folder] = [`ts-${randomUUID().slice(0, 8)}`, await temporaryFolder()];
  const node = `${queue}@localhost`;
  const start = async (): Promise<GuardedProcess> => {
    const given = ["worker", "-A", matrixModule, "-Q", queue, "-n", node, "-E", ...args];
    const started = await startCelerity(given, {
      CELERY_BROKER_URL: place.broker,
      CELERY_RESULT_BACKEND: place.backend,
      // What a killed worker held is taken over after this; the defaults are longer.
      ...(place.broker.startsWith("amqp") ? {} : { CELERY_BROKER_TRANSPORT_OPTIONS: '{"leaseMs": 3000}' }),
      ...env,
    });
    await started.waitForOutput(/ ready\./);
    return started;
  };
  let worker = await start();
  const starts = (name: string): number =>
    existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`, "utf8").split("\n").length - 1 : 0;
  const send: Cell["send"] = (task, given = [], options = {}) =>
    python.send(task, given, {}, { queue, ...options });
  return {
    python,
    queue,
    node,
    folder,
    get worker() {
      return worker;
    },
    send,
    call: async (...call) => python.get(await send(...call), PATIENCE_S),
    async failure(id) {
      const thrown = await python.get(id, PATIENCE_S).catch((error: unknown) => error);
      if (!(thrown instanceof PythonError))
        throw new Error(`It did not fail but returned ${String(thrown)}.`);
      const { type, module, message } = thrown;
      return { type, module, message };
    },
    starts,
    untilStarted: (name, times = 1) => expect.poll(() => starts(name), POLL).toBe(times),
    async open(name, ...steps) {
      for (const step of steps) await writeFile(`${folder}/${name}-${step}`, "");
    },
    async replace() {
      await worker.kill();
      worker = await start();
    },
    async stop() {
      worker.signal("SIGTERM");
      return await worker.ended();
    },
  };
}

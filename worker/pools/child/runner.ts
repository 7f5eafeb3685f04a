/** Runs tasks for a pool in another process or thread: messages in, messages out. */

import { type App, loadApp, SoftTimeLimitExceeded } from "../../../app/index.ts";
import { toError } from "../../../protocol/index.ts";
import { createAddToChord } from "../../add-to-chord.ts";
import { registerMaps } from "../../builtins/index.ts";
import { createExecute } from "../../execute.ts";
import type { Run } from "../../job.ts";
import { failure, type Outcome } from "../../outcome.ts";
import { withTaskSignals } from "../../task-signals.ts";
import { traceOf, withTracing } from "../../task-tracing.ts";
import type { FromChild, ToChild } from "./messages.ts";
import { type Packed, packMeta, packOutcome, unpackRequest } from "./pack.ts";

export interface RunnerOptions {
  readonly send: (message: FromChild) => void;
  /** Ends this process or thread. */
  readonly end: () => void;
  /** Memory in use, in KiB. */
  readonly memoryKib: () => number;
}

export interface Runner {
  readonly isStopping: boolean;
  take(message: ToChild): void;
}

interface NumberedRun extends Run {
  readonly number: number;
}

interface PendingUpdate {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export function createRunner({ send, end, memoryKib }: RunnerOptions): Runner {
  const runs = new Map<number, NumberedRun>();
  const updates = new Map<number, PendingUpdate>();
  let app: App | undefined;
  let execute: ((run: NumberedRun) => Outcome | Promise<Outcome>) | undefined;
  let lastUpdate = 0;
  let reportsMemory = false;
  let isStopping = false;
  let atEnd = (): void => undefined;

  const updateState = (run: NumberedRun, state: string, meta: unknown): Promise<void> => {
    const packed = packMeta(meta);
    lastUpdate += 1;
    const update = lastUpdate;
    return new Promise((resolve, reject) => {
      updates.set(update, { resolve, reject });
      send({ kind: "update", update, run: run.number, state, meta: packed });
    });
  };

  const start = async (appModule: string, hostname: string): Promise<void> => {
    try {
      app = await loadApp(appModule);
      registerMaps(app);
      const { signals } = app;
      const own = createExecute<NumberedRun>({ hostname, updateState, addToChord: createAddToChord(app) });
      execute = withTracing(withTaskSignals(own, { signals, hostname }), app.settings.brokerUrl);
      signals.send("worker_process_init", () => ({ hostname }));
      atEnd = () => signals.send("worker_process_shutdown", () => ({ hostname }));
      send({ kind: "ready" });
    } catch (error) {
      send({ kind: "failed", message: toError(error).message });
      end();
    }
  };

  const run = async (number: number, packed: Packed): Promise<void> => {
    send(await outcomeOf(number, packed));
    runs.delete(number);
    stopWhenIdle();
  };

  const outcomeOf = async (number: number, packed: Packed): Promise<FromChild> => {
    const ended = (outcome: Outcome, numbered?: NumberedRun): FromChild => ({
      kind: "ended",
      run: number,
      outcome: packOutcome(outcome),
      trace: numbered === undefined ? undefined : traceOf(numbered),
      memoryKib: reportsMemory ? memoryKib() : 0,
    });
    try {
      const request = unpackRequest(packed);
      const task = app?.tasks.get(request.task);
      if (task === undefined || execute === undefined) {
        throw new Error(`The process has no task "${request.task}": its app differs from the worker's.`);
      }
      const numbered: NumberedRun = { number, request, task, abort: undefined };
      runs.set(number, numbered);
      return ended(await execute(numbered), numbered);
    } catch (error) {
      return ended(failure(error));
    }
  };

  const stopWhenIdle = (): void => {
    if (!isStopping || runs.size > 0) return;
    atEnd();
    void (app?.close() ?? Promise.resolve()).catch(() => undefined).then(end);
  };

  const abort = ({ run: number, name, message }: Extract<ToChild, { kind: "abort" }>): void => {
    const running = runs.get(number);
    if (running === undefined) return;
    const reason = name === "SoftTimeLimitExceeded" ? new SoftTimeLimitExceeded(message) : new Error(message);
    running.abort ??= new AbortController();
    running.abort.abort(reason);
  };

  const settleUpdate = (update: number, error: string | undefined): void => {
    const pending = updates.get(update);
    updates.delete(update);
    if (error === undefined) pending?.resolve();
    else pending?.reject(new Error(error));
  };

  return {
    get isStopping() {
      return isStopping;
    },
    take(message) {
      switch (message.kind) {
        case "start":
          reportsMemory = message.reportsMemory;
          void start(message.appModule, message.hostname);
          break;
        case "run":
          void run(message.run, message.request);
          break;
        case "abort":
          abort(message);
          break;
        case "updated":
          settleUpdate(message.update, message.error);
          break;
        case "stop":
          isStopping = true;
          stopWhenIdle();
      }
    },
  };
}

/** How a pool starts and ends a child: as a process or as a thread, with the same messages. */
import { fork } from "node:child_process";
import { Worker as Thread } from "node:worker_threads";
import { endWithWorker } from "./guard.ts";
import type { FromChild, ToChild } from "./messages.ts";

/** One process or thread, from the pool's side. */
export interface Child {
  /** Process id; the worker's own for a thread. */
  readonly pid: number;
  send(message: ToChild): void;
  /** Ends it now, whatever it does. */
  kill(): void;
  /** Keeps the worker alive while it lives, or not. */
  unref(): void;
}

export interface ChildEvents {
  readonly onMessage: (message: FromChild) => void;
  /** Called once; `how` is for people. */
  readonly onEnd: (how: string) => void;
}

export type Carrier = (events: ChildEvents) => Child;

/** The program of a child. In the source tree it is TypeScript, which Node 20 needs a loader for. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const PROGRAM = new URL(IS_SOURCE ? "./main.ts" : "./main.js", import.meta.url);

export const processCarrier: Carrier = ({ onMessage, onEnd }) => {
  const child = fork(PROGRAM, [], IS_SOURCE ? { execArgv: ["--import", "tsx"] } : {});
  const endsAlone = endWithWorker(child.pid);
  let ended = false;
  const end = (how: string): void => {
    if (ended) return;
    ended = true;
    endsAlone();
    onEnd(how);
  };
  child.on("message", (message) => onMessage(message as FromChild));
  child.on("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  child.on("error", (error) => end(error.message));
  return {
    pid: child.pid ?? 0,
    send(message) {
      // A child that has just died says so by its exit; what was sent to it counts as lost then.
      child.send(message, () => undefined);
    },
    kill: () => void child.kill("SIGKILL"),
    unref: () => child.unref(),
  };
};

/** A thread takes no loader from its options. */
const SOURCE_THREAD = `import("tsx/esm/api").then(({ register }) => { register(); return import("${PROGRAM.href}"); })`;

export const threadCarrier: Carrier = ({ onMessage, onEnd }) => {
  const thread = IS_SOURCE ? new Thread(SOURCE_THREAD, { eval: true }) : new Thread(PROGRAM);
  let how: string | undefined;
  thread.on("message", (message: FromChild) => onMessage(message));
  thread.on("error", (error) => {
    how = error.message;
  });
  thread.on("exit", (code) => onEnd(how ?? `exit code ${code}`));
  return {
    pid: process.pid,
    send: (message) => thread.postMessage(message),
    kill: () => void thread.terminate(),
    unref: () => thread.unref(),
  };
};

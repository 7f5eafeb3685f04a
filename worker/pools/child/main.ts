/** The program of a child process or thread: loads the app, runs what it is sent, and ends when it is told to. */
import { isMainThread, parentPort } from "node:worker_threads";
import type { FromChild, ToChild } from "./messages.ts";
import { createRunner } from "./runner.ts";

if (isMainThread) {
  // The whole process group gets the signals of a terminal and of some supervisors: the worker decides, not each child.
  for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP"] as const)
    process.on(signal, () => undefined);
  const send = (message: FromChild): void => void process.send?.(message);
  const runner = createRunner({
    send,
    end: () => process.disconnect(),
    memoryKib: () => Math.ceil(process.memoryUsage.rss() / 1024),
  });
  // Without a worker nothing that runs here would be acknowledged.
  process.on("disconnect", () => process.exit(runner.isStopping ? 0 : 1));
  process.on("message", (message) => runner.take(message as ToChild));
} else {
  const port = parentPort;
  const runner = createRunner({
    send: (message) => port?.postMessage(message),
    end: () => port?.close(),
    memoryKib: () => Math.ceil(process.memoryUsage().heapUsed / 1024),
  });
  port?.on("message", (message: ToChild) => runner.take(message));
}

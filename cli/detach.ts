/** `--detach`: the same command in the background, in a session of its own, and this one ends when that one is ready. */
import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { ConfigurationError } from "../protocol/index.ts";
import { ENVIRONMENT } from "./environment.ts";

/** What the command in the background says when it is ready. */
const READY = "ready";
/** Lines of its log that are shown when it ends before. */
const SHOWN_LINES = 20;

/** Starts the command line anew without `--detach`; resolves with its process number. Throws when it ends before it is ready. */
export async function detach(logFile: string | undefined): Promise<number> {
  const target = logFile ?? "/dev/null";
  const log = openSync(target, "a");
  const args = process.argv.slice(1).filter((argument) => argument !== "--detach" && argument !== "-D");
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    detached: true,
    env: ENVIRONMENT,
    stdio: ["ignore", log, log, "ipc"],
  });
  const { pid } = child;
  await new Promise<void>((resolve, reject) => {
    child.once("message", (message) => {
      if (message === READY) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const tail = logFile === undefined ? "" : `\n${lastLines(logFile)}`;
      reject(
        new ConfigurationError(`It ended before it was ready (${signal ?? `exit code ${code}`}).${tail}`),
      );
    });
  });
  child.disconnect();
  child.unref();
  return pid ?? 0;
}

/** Tells a waiting {@link detach} that this process is ready. */
export function tellReady(): void {
  if (process.send === undefined) return;
  process.send(READY);
  process.disconnect();
}

function lastLines(path: string): string {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
}

/** The file that holds the number of a process, so that others can signal it and nobody starts it twice. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { ConfigurationError, toError } from "../protocol/index.ts";

/** Writes this process's number, and removes the file when the process ends. Throws ConfigurationError while another one runs. */
export function writePidFile(path: string): void {
  const running = readPidFile(path);
  if (running !== undefined && running !== process.pid && isAlive(running)) {
    throw new ConfigurationError(
      `Process ${running} runs already, says ${path}; stop it first, or name another --pidfile.`,
    );
  }
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    throw new ConfigurationError(`The file ${path} cannot be written: ${toError(error).message}.`, {
      cause: error,
    });
  }
  process.once("exit", () => {
    if (readPidFile(path) === process.pid) rmSync(path, { force: true });
  });
}

/** undefined when there is no file, or no number in it. */
export function readPidFile(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Does a process of this number exist? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

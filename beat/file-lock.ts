/** Lets one process at a time change a file. */
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BackendError, ConfigurationError, toError } from "../protocol/index.ts";

/** How long a change waits for others; each takes milliseconds. */
const WAIT_MS = 15_000;
/** A lock that is older was left by a process that died. */
const STALE_MS = 5000;
const PAUSE_MS = 10;

/** Works while `${path}.lock` is ours. Throws ConfigurationError where it cannot be made, BackendError where it stays another's. */
export async function withFileLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = `${path}.lock`;
  const endMs = performance.now() + WAIT_MS;
  while (!(await take(lock))) {
    if (performance.now() > endMs)
      throw new BackendError("backend_unavailable", `Another process is changing ${path}; try again.`);
    await removeStale(lock);
    await sleep(PAUSE_MS * (1 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await mkdir(dirname(lock), { recursive: true });
    await (await open(lock, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw new ConfigurationError(`The file ${lock} cannot be made: ${toError(error).message}.`, {
      cause: error,
    });
  }
}

async function removeStale(lock: string): Promise<void> {
  try {
    if (Date.now() - (await stat(lock)).mtimeMs < STALE_MS) return;
    // Only one of those who see it can move it away.
    const aside = `${lock}.${randomUUID()}`;
    await rename(lock, aside);
    await rm(aside, { force: true });
  } catch {
    // Another one was faster.
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Replaces itself with the command given as arguments 3 and up. What stays behind waits on standard input, which closes
 * however the test process ends, kill -9 included; then it sends signal $1, removes the folder $2 and ends the group.
 * The wait for the command has an end because in a container nobody may collect it, and it then counts as alive.
 */
const GUARD = `
signal=$1 folder=$2; shift 2
exec 3<&0
(
  while read -r line; do :; done <&3
  kill -"$signal" $$
  tries=0; while kill -0 $$ && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  rm -rf "$folder"
  kill -KILL 0
) >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-
`;

/** How to run a guarded process. */
export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Removed when the test process dies; normally the caller removes it. */
  readonly folder: string;
  /** What ends the process when it is to stop. */
  readonly stopSignal: NodeJS.Signals;
  readonly cwd?: string;
  /** The whole environment. Default: ours. */
  readonly env?: NodeJS.ProcessEnv;
  /** Run as this user; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A process that cannot outlive the test run. It leads a process group of its own. */
export class GuardedProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #stopSignal: NodeJS.Signals;
  readonly #exited: Promise<number | null>;
  readonly #readers = new Set<() => void>();
  #output = "";

  constructor(options: ProcessOptions) {
    const { command, args, folder, stopSignal, user } = options;
    this.#child = spawn("/bin/sh", ["-c", GUARD, "sh", stopSignal.slice(3), folder, command, ...args], {
      cwd: options.cwd ?? folder,
      env: options.env ?? process.env,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      ...user,
    });
    if (this.#child.pid === undefined) throw new Error(`${command} could not be started`);
    this.pid = this.#child.pid;
    this.#stopSignal = stopSignal;
    this.#exited = once(this.#child, "exit").then(([code]) => {
      this.#signalGroup("SIGKILL");
      return code as number | null;
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        for (const read of this.#readers) read();
      });
    }
  }

  /** Everything it printed so far, standard output and error mixed. */
  output(): string {
    return this.#output;
  }

  /** Resolves once it printed the pattern; rejects with its output when it ends first. */
  async waitForOutput(pattern: RegExp): Promise<void> {
    let read = (): void => {};
    const found = new Promise<void>((resolve) => {
      read = () => pattern.test(this.#output) && resolve();
    });
    const ended = this.#exited.then(() => {
      throw new Error(`It ended without printing ${pattern}:\n${this.#output}`);
    });
    this.#readers.add(read);
    read();
    await Promise.race([found, ended]).finally(() => this.#readers.delete(read));
  }

  /** Resolves once it is gone, however that came: to its exit code, or null when a signal ended it. */
  ended(): Promise<number | null> {
    return this.#exited;
  }

  /** Sends a signal to the process itself, not to its children. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** kill -9 of the process and its children, those in groups of their own too; resolves once they are gone. */
  async kill(): Promise<void> {
    const children = descendantsOf(this.pid);
    this.#signalGroup("SIGKILL");
    for (const pid of children) trySignal(pid, "SIGKILL");
    await this.#exited;
    while (children.some(isRunning)) await sleep(10);
  }

  /** Asks it to stop in its own way; resolves once it is gone. After `patienceMs` it is killed. */
  async stop(patienceMs = 15_000): Promise<void> {
    this.signal("SIGCONT");
    this.signal(this.#stopSignal);
    const timer = setTimeout(() => this.#signalGroup("SIGKILL"), patienceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The group is gone already.
    }
  }
}

/** Processes that a process started, and those that they started; known on Linux alone. */
function descendantsOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of existsSync("/proc") ? readdirSync("/proc") : []) {
    if (/^\d+$/.test(name)) parents.set(Number(name), statOf(Number(name))?.parent ?? 0);
  }
  const found = [pid];
  for (const ancestor of found) {
    for (const [child, parent] of parents) if (parent === ancestor) found.push(child);
  }
  return found.slice(1);
}

function statOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    // The program's name is in parentheses, and may have anything in it.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** A zombie has ended, whoever forgets to collect it. */
function isRunning(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/** A new empty folder under the system's temporary folder, owned by `user` when given. */
export async function makeFolder(name: string, user?: ProcessOptions["user"]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `celerity-${name}-`));
  if (user) await chown(folder, user.uid, user.gid);
  return folder;
}

/** Removes a folder and all in it; patient with files that a dying process still writes. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/**
 * Finds `count` adjacent free ports on 127.0.0.1. They are below 32768, where the kernel never picks the port of an
 * outgoing connection, and random, so that test runs beside each other do not meet.
 */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 12_000 + Math.floor(Math.random() * 20_000);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

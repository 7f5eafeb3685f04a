/** Looks at processes and signals them, with `ps` as every Unix has it. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { promisify } from "node:util";

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** Resident memory. */
  readonly mb: number;
  readonly command: string;
}

const LIST = ["-A", "-o", "pid=,ppid=,rss=,comm="];

function toRows(output: string): ProcessRow[] {
  return output
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, parent, kib, command = ""] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), mb: Number(kib) / 1024, command };
    });
}

function listProcessesNow(): ProcessRow[] {
  return toRows(execFileSync("ps", LIST, { encoding: "utf8" }));
}

/** All processes of the machine, without a stop of this one. */
export async function listProcesses(): Promise<ProcessRow[]> {
  return toRows((await promisify(execFile)("ps", LIST)).stdout);
}

/** A worker and the processes of its pool; the guard that ends it with us, a shell, is none of them. */
export function treeOf(pid: number, all: readonly ProcessRow[] = listProcessesNow()): number[] {
  const tree = [pid];
  for (const member of tree) {
    const children = all.filter(
      ({ parent, command }) => parent === member && !/^(\S*\/)?(sh|dash|bash)$/.test(command),
    );
    tree.push(...children.map((child) => child.pid));
  }
  return tree;
}

/** Signals processes; those that are gone are no error. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It is gone already.
    }
  }
}

/** Resident memory in MB, 0 of a process that is gone. */
export function residentMb(pid: number): number {
  const { stdout } = spawnSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(stdout) / 1024;
}

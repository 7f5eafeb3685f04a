/** Looks at processes and signals them, with `ps` as every Unix has it. */
import { execFileSync, spawnSync } from "node:child_process";

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): Row[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => {
    const [pid, parent, command = ""] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), command };
  });
}

/** A worker and the processes of its pool; the guard that ends it with us, a shell, is none of them. */
export function treeOf(pid: number): number[] {
  const all = processes();
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

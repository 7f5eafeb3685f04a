/**
 * Memory of a process and all below it: the sum of their PSS, as it would be if nothing else ran. The kernel's own PSS
 * halves what the worker shares with a bench that runs on Node or Python too. Linux only.
 */
import { readdirSync, readFileSync } from "node:fs";

/** In KiB. Throws where there is no /proc. */
export function treeMemoryKib(root: number): number {
  let kib = 0;
  const files = new Map<string, number>();
  for (const pid of treeOf(root)) {
    for (const { file, pss, shared, own } of mappingsOf(pid)) {
      // What is no file is shared within the tree alone, after a fork.
      if (file === undefined) kib += pss;
      else {
        kib += own;
        files.set(file, Math.max(files.get(file) ?? 0, shared));
      }
    }
  }
  return [...files.values()].reduce((sum, shared) => sum + shared, kib);
}

/** One mapping of smaps, in KiB. */
interface Mapping {
  /** Device, inode and offset of the file, if it is one. */
  readonly file: string | undefined;
  readonly pss: number;
  /** With another process, whichever. */
  readonly shared: number;
  readonly own: number;
}

function mappingsOf(pid: number): readonly Mapping[] {
  const text = readFileSync(`/proc/${pid}/smaps`, "utf8");
  return text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).map((block) => {
    const [, , offset = "", device = "", inode = ""] = block.slice(0, block.indexOf("\n")).split(/\s+/);
    const kib = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(block)?.[1] ?? 0);
    return {
      file: inode === "0" ? undefined : `${device} ${inode} ${offset}`,
      pss: kib("Pss"),
      shared: kib("Shared_Clean") + kib("Shared_Dirty"),
      own: kib("Private_Clean") + kib("Private_Dirty"),
    };
  });
}

/** The process and its descendants. */
function treeOf(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(root);
}

/** undefined for one that has just ended. */
function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

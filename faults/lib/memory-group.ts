/** A limit on the memory of several processes together, which Linux gives to root: a control group, version 1 or 2. */
import { existsSync } from "node:fs";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { NotHere } from "./fault.ts";

const VERSIONS = [
  { folder: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" },
  { folder: "/sys/fs/cgroup", limit: "memory.max" },
];

/** How long the kernel may take to forget processes that ended. */
const PATIENCE = { tries: 50, pauseMs: 100 };

export interface MemoryGroup {
  /** Takes these processes in, and with them those that they start from now on. */
  add(pids: readonly number[]): Promise<void>;
  /** Removes the group, whose processes have ended. */
  remove(): Promise<void>;
}

/** Throws NotHere where there are no groups, or none for us. */
export async function createMemoryGroup(megabytes: number): Promise<MemoryGroup> {
  const version = VERSIONS.find(({ folder }) => existsSync(`${folder}/cgroup.procs`));
  const group = `${version?.folder}/celerity-faults-${process.pid}`;
  try {
    await mkdir(group);
    await writeFile(`${group}/${version?.limit}`, String(megabytes * 2 ** 20));
  } catch (error) {
    await rmdir(group).catch(() => undefined);
    throw new NotHere("There is no control group for memory that we may make; on Linux, root may.", {
      cause: error,
    });
  }
  return {
    async add(pids) {
      for (const pid of pids) await writeFile(`${group}/cgroup.procs`, String(pid));
    },
    async remove() {
      for (let tries = 0; tries < PATIENCE.tries; tries += 1) {
        if (
          await rmdir(group).then(
            () => true,
            () => false,
          )
        )
          return;
        await sleep(PATIENCE.pauseMs);
      }
    },
  };
}

/** Follows the memory of processes while something happens. */
import { setTimeout as sleep } from "node:timers/promises";
import { listProcesses, type ProcessRow } from "./processes.ts";

const LOOK_MS = 250;

export interface MemoryWatch {
  /** Ends it; resolves to the highest resident memory of one of the processes, in MB. */
  stop(): Promise<number>;
}

/** `choose` gets all processes of the machine. Nothing waits for a look: who measures times can do so meanwhile. */
export function watchMemory(choose: (all: readonly ProcessRow[]) => readonly number[]): MemoryWatch {
  let highest = 0;
  const look = async (): Promise<void> => {
    const all = await listProcesses();
    const chosen = new Set(choose(all));
    highest = Math.max(highest, ...all.filter(({ pid }) => chosen.has(pid)).map(({ mb }) => mb));
  };
  let isOver = false;
  const looking = (async () => {
    for (; !isOver; await sleep(LOOK_MS)) await look();
  })();
  return {
    async stop() {
      isOver = true;
      await looking;
      await look();
      return highest;
    },
  };
}

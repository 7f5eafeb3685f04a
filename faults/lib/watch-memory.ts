/** Follows the memory of processes while something happens. */
import { residentMb } from "./processes.ts";

const LOOK_MS = 250;

export interface MemoryWatch {
  /** Ends it; the answer is the highest resident memory of one of the processes, in MB. */
  stop(): number;
}

export function watchMemory(pids: () => readonly number[]): MemoryWatch {
  let highest = 0;
  const look = (): void => {
    highest = Math.max(highest, ...pids().map(residentMb));
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return highest;
    },
  };
}

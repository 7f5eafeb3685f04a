/** How much of the machine others used while we measured, the host of a virtual machine included. Known on Linux only. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Length of a tick in /proc, USER_HZ, which Linux fixes for programs. */
const SECONDS_PER_TICK = 0.01;

/** A run counts as disturbed when others used more than this many cores while it lasted. */
export const QUIET_CORES = 0.25;

const LISTEN_MS = 500;

/** Waits until the machine is quiet, but not beyond `untilMs` of performance.now(). */
export async function waitForQuiet(serverPids: readonly number[], untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const otherCores = listenToNoise(serverPids);
    await sleep(LISTEN_MS);
    if ((otherCores() ?? 0) <= QUIET_CORES) return;
  }
}

/** CPU seconds since some start: of all processes, and of ours, our ended children and the servers. */
interface CpuSeconds {
  readonly atMs: number;
  readonly all: number;
  readonly ours: number;
}

/** CPU seconds that a running process used so far; undefined where that is not known. */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    return ticks(String(pid), 2) * SECONDS_PER_TICK;
  } catch {
    return undefined;
  }
}

function readCpu(serverPids: readonly number[]): CpuSeconds | undefined {
  try {
    const servers = serverPids.map((pid) => ticks(String(pid), 2)).reduce((sum, part) => sum + part, 0);
    const ours = (ticks("self", 4) + servers) * SECONDS_PER_TICK;
    return { atMs: performance.now(), all: busyTicks() * SECONDS_PER_TICK, ours };
  } catch {
    return undefined;
  }
}

/** Of all processors, and what the host took from them: all columns but idle and iowait, and guests that user includes. */
function busyTicks(): number {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/ +/)
    .slice(1)
    .map(Number);
  return user + nice + system + irq + softirq + steal;
}

/** Fields 14 to 17 of proc(5): user and system time, then those of children that ended. */
function ticks(process: string, fields: number): number {
  const afterName = readFileSync(`/proc/${process}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return afterName.slice(11, 11 + fields).reduce((sum, field) => sum + Number(field), 0);
}

/** Starts to listen; the answer is the number of cores that others used since, undefined where that is not known. */
export function listenToNoise(serverPids: readonly number[]): () => number | undefined {
  const start = readCpu(serverPids);
  return () => {
    const end = readCpu(serverPids);
    if (start === undefined || end === undefined) return undefined;
    const others = end.all - start.all - (end.ours - start.ours);
    return Math.max(0, (others * 1000) / (end.atMs - start.atMs));
  };
}

/** What the measuring programs share: their input, their clock, and how they report. */
import type { Sample } from "./bench.ts";
import { percentile } from "./statistics.ts";

/** The parameters that the parent gave. */
export function readInput<Input>(): Input {
  return JSON.parse(process.argv[2] ?? "{}") as Input;
}

/** Hands the measurements to the parent. */
export function report(...samples: readonly Sample[]): void {
  process.stdout.write(`result ${JSON.stringify(samples)}\n`);
}

/** Tells the parent what this program cannot measure. */
export function leaveOut(what: string, why: string): void {
  process.stdout.write(`left out ${what}: ${why.replaceAll(/\s+/g, " ")}\n`);
}

/** Tells the parent that this background program can be used. */
export function reportReady(): void {
  process.stdout.write("ready\n");
}

/** Wall clock and CPU time since its start. */
export class Stopwatch {
  #startedAtMs: number = performance.now();
  #cpu: NodeJS.CpuUsage = process.cpuUsage();

  restart(): void {
    this.#startedAtMs = performance.now();
    this.#cpu = process.cpuUsage();
  }

  /** The rate of `count` things done since the start. */
  rate(count: number): Sample {
    const seconds = (performance.now() - this.#startedAtMs) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { values: { perSecond: count / seconds }, cpuUs: (user + system) / count };
  }
}

/** Calls `send` `count` times with at most `inFlight` calls open. */
export async function inFlight(count: number, lanes: number, send: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send();
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** Calls `call` `count` times, one after another, after `warmUp` calls that do not count; the sample has p50 and p99. */
export async function latencies(
  count: number,
  warmUp: number,
  call: () => Promise<unknown>,
): Promise<Sample> {
  for (let at = 0; at < warmUp; at += 1) await call();
  const watch = new Stopwatch();
  const timesMs: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const startedAtMs = performance.now();
    await call();
    timesMs.push(performance.now() - startedAtMs);
  }
  const values = { p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
  return { ...watch.rate(count), values };
}

/** Resolves at SIGTERM, with which the parent ends background programs. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
  });
}

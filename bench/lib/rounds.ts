/** Runs a bench's contenders in turn, so that a disturbance or a warm cache favours none of them. */
import { join } from "node:path";
import { toError } from "../../protocol/index.ts";
import type { Bench, Contender, Sample } from "./bench.ts";
import { QUIET_CORES, waitForQuiet } from "./noise.ts";
import { hasPython } from "./paths.ts";
import { type Measured, type RunOptions, runContender } from "./run.ts";
import { startServers } from "./servers.ts";

export interface RoundsOptions {
  readonly rounds: number;
  /** undefined takes the bench's own. */
  readonly count: number | undefined;
  /** Contenders whose name or role it matches take part. */
  readonly only: RegExp;
  /** Time to lose in all by waiting for a quiet machine, and by repeating runs that others disturbed. */
  readonly patienceMs: number;
  readonly profileFolder: string | undefined;
  /** Told what happens, a line at a time. */
  readonly onProgress: (line: string) => void;
}

/** All samples of one contender in one case. */
export interface Series {
  readonly contender: Contender;
  readonly case: string;
  readonly runs: readonly { readonly sample: Sample; readonly otherCores: number | undefined }[];
}

export interface BenchResult {
  readonly bench: Bench;
  readonly count: number;
  readonly series: readonly Series[];
  /** Contenders that could not be measured, and why. */
  readonly failures: readonly { readonly contender: Contender; readonly reason: string }[];
  /** What single contenders left out, and why. */
  readonly leftOut: readonly string[];
}

/** Never rejects for a contender that fails: it is left out of the rounds that follow. */
export async function runBench(bench: Bench, options: RoundsOptions): Promise<BenchResult> {
  const { rounds, onProgress, only } = options;
  const count = options.count ?? bench.count;
  const measured = new Map<Contender, Measured[]>();
  const failures: { contender: Contender; reason: string }[] = [];
  for (const contender of bench.contenders.filter((one) => only.test(`${one.name} ${one.role}`))) {
    if (contender.role !== "python" || hasPython()) measured.set(contender, []);
    else failures.push({ contender, reason: "Python Celery is not installed; `npm test` installs it." });
  }
  const servers = await startServers(bench.servers);
  const patience = new Patience(options.patienceMs);
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const [contender, runs] of measured) {
        onProgress(`${bench.name} ${round}/${rounds} ${nameOf(contender)}`);
        const profileFolder = profileFolderOf(bench, contender, options);
        try {
          runs.push(await runQuietly(contender, { servers, count, profileFolder }, patience));
        } catch (error) {
          failures.push({ contender, reason: toError(error).message });
          measured.delete(contender);
        }
      }
    }
  } finally {
    await servers.stop();
  }
  const series = [...measured].flatMap(([contender, runs]) => toSeries(contender, runs));
  return { bench, count, series, failures, leftOut: [...measured].flatMap(leftOutOf) };
}

function leftOutOf([{ name }, runs]: readonly [Contender, readonly Measured[]]): string[] {
  return [...new Set(runs.flatMap(({ leftOut }) => leftOut))].map((line) => `${name}: ${line}`);
}

/** What is left of the time to lose. */
class Patience {
  #leftMs: number;

  constructor(leftMs: number) {
    this.#leftMs = leftMs;
  }

  get leftMs(): number {
    return this.#leftMs;
  }

  spend(sinceMs: number): void {
    this.#leftMs -= performance.now() - sinceMs;
  }
}

async function runQuietly(contender: Contender, options: RunOptions, patience: Patience): Promise<Measured> {
  for (;;) {
    const waitedFromMs = performance.now();
    await waitForQuiet(options.servers.pids, waitedFromMs + patience.leftMs);
    patience.spend(waitedFromMs);
    const ranFromMs = performance.now();
    const measured = await runContender(contender, options);
    if ((measured.otherCores ?? 0) <= QUIET_CORES || patience.leftMs <= 0) return measured;
    patience.spend(ranFromMs);
  }
}

/** Name and case, as people read them. */
function nameOf(contender: Contender): string {
  return contender.case === undefined ? contender.name : `${contender.name} (${contender.case})`;
}

/** Only our own programs are profiled: a profiler slows what it watches. */
function profileFolderOf(
  bench: Bench,
  contender: Contender,
  { profileFolder }: RoundsOptions,
): string | undefined {
  if (profileFolder === undefined || contender.role !== "celerity") return undefined;
  return join(profileFolder, `${bench.name} ${nameOf(contender)}`.replaceAll(/[^\w]+/g, "-"));
}

function toSeries(contender: Contender, runs: readonly Measured[]): Series[] {
  const cases = new Map<string, { sample: Sample; otherCores: number | undefined }[]>();
  for (const { samples, otherCores } of runs) {
    for (const sample of samples) {
      const name = sample.case ?? contender.case ?? "";
      const list = cases.get(name) ?? [];
      cases.set(name, list);
      list.push({ sample, otherCores });
    }
  }
  return [...cases].map(([name, list]) => ({ contender, case: name, runs: list }));
}

/** Runs one contender once: clear, fill, start what it needs, measure, check. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePorts, GuardedProcess, makeFolder, removeFolder } from "../../test/helpers/services-process.ts";
import type { Contender, Program, Run, Sample } from "./bench.ts";
import { cpuSecondsOf, listenToNoise } from "./noise.ts";
import { commandOf } from "./paths.ts";
import type { Servers } from "./servers.ts";

/** One run and what it yielded. */
export interface Measured {
  readonly samples: readonly Sample[];
  /** Cores that processes other than ours and the servers used meanwhile. */
  readonly otherCores: number | undefined;
  /** What the program could not measure, and why: lines to print. */
  readonly leftOut: readonly string[];
}

export interface RunOptions {
  readonly servers: Servers;
  readonly count: number;
  /** Where Node programs leave CPU profiles; undefined: they make none. */
  readonly profileFolder: string | undefined;
}

/** Slowest rate that is waited for, and time for starting and filling on top. */
const SLOWEST_PER_SECOND = 100;
const EXTRA_MS = 60_000;

const RESULT = /^result (.*)$/m;
const LEFT_OUT = /^left out .*$/gm;

/** Rejects with the output of the program that failed or took too long. */
export async function runContender(contender: Contender, options: RunOptions): Promise<Measured> {
  const { servers, profileFolder } = options;
  const folder = await makeFolder("bench");
  const count = Math.max(1, Math.round(options.count * (contender.share ?? 1)));
  const run: Run = { ...(await servers.clear()), count, folder, port: await freePorts(1) };
  const started: GuardedProcess[] = [];
  const start = async (program: Program, until: RegExp): Promise<GuardedProcess> => {
    const process = await launch(program, join(folder, String(started.length)), profileFolder);
    started.push(process);
    await process.waitForOutput(until);
    return process;
  };
  const killAll = (): Promise<unknown> => Promise.all(started.map((process) => process.kill()));
  const timer = setTimeout(killAll, EXTRA_MS + (count / SLOWEST_PER_SECOND) * 1000);
  try {
    await contender.prepare?.(run);
    const otherCores = listenToNoise(servers.pids);
    const served = contender.background?.(run);
    const server = served && (await start(served, served.ready));
    const cpuBefore = server && cpuSecondsOf(server.pid);
    const program = await start(contender.program(run), RESULT);
    await program.ended();
    const cpuAfter = server && cpuSecondsOf(server.pid);
    await Promise.all(started.map((process) => process.stop()));
    const measured = {
      samples: readSamples(program.output(), cpuBefore, cpuAfter),
      otherCores: otherCores(),
      leftOut: program.output().match(LEFT_OUT) ?? [],
    };
    await contender.check?.(run);
    return measured;
  } finally {
    clearTimeout(timer);
    await killAll();
    await removeFolder(folder);
  }
}

function readSamples(
  output: string,
  cpuBefore: number | undefined,
  cpuAfter: number | undefined,
): readonly Sample[] {
  const samples = JSON.parse(RESULT.exec(output)?.[1] ?? "") as readonly Sample[];
  if (cpuBefore === undefined || cpuAfter === undefined) return samples;
  return samples.map((sample) =>
    sample.served === undefined
      ? sample
      : { ...sample, cpuUs: ((cpuAfter - cpuBefore) / sample.served) * 1e6 },
  );
}

async function launch(
  program: Program,
  folder: string,
  profileFolder: string | undefined,
): Promise<GuardedProcess> {
  await mkdir(folder);
  const flags = profileFolder === undefined ? [] : profileFlags(program, profileFolder);
  // Settings of Celery in our own environment must not reach a contender.
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith("CELERY_"));
  return new GuardedProcess({
    ...commandOf(program, flags),
    folder,
    stopSignal: "SIGTERM",
    // Celery warns at length when it runs as root, in a container for example.
    env: { ...Object.fromEntries(ours), C_FORCE_ROOT: "1", PYTHONWARNINGS: "ignore", ...program.env },
  });
}

/** One file a program: the last round's. */
function profileFlags({ file }: Program, folder: string): string[] {
  const name = `${file.replaceAll("/", "-")}.cpuprofile`;
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`];
}

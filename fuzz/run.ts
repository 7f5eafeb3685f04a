/** Runs the fuzzer for one decoder in a process of its own, with a bound on its memory, and watches that it goes on. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Finding } from "./findings.ts";
import { minimise } from "./minimise.ts";

/** How long, and from which random numbers. */
export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Told about the numbers each second. */
  readonly onProgress?: (numbers: Readonly<Record<string, number>>) => void;
}

/** What came out. */
export interface FuzzReport {
  readonly findings: readonly Finding[];
  readonly runs: number;
  /** Blocks of code reached. */
  readonly blocks: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const childFile = fileURLToPath(new URL("child.ts", import.meta.url));
/** Heap of the process, in megabytes. */
const HEAP_MB = 384;
/** A process that prints nothing for so long hangs: its start takes less, on a busy machine too. */
const SILENCE_MS = 60_000;
const MINIMISE_TRIES = 60;

interface ChildEnd {
  readonly findings: readonly Finding[];
  readonly numbers: Readonly<Record<string, number>>;
  /** undefined: it ended as it should. */
  readonly death: "crash" | "hang" | undefined;
  readonly errors: string;
}

/** Fuzzes one decoder. A process that died is looked into; its time is not made up for. */
export async function fuzzDecoder(name: string, options: FuzzOptions): Promise<FuzzReport> {
  const folder = await mkdtemp(join(tmpdir(), "celerity-fuzz-"));
  try {
    const current = join(folder, "current");
    const args = ["--seconds", String(options.seconds), "--seed", String(options.seed), "--current", current];
    const end = await runChild([name, ...args], options.onProgress);
    const death = end.death && (await readDeath(name, end, end.death, folder));
    return {
      findings: death === undefined ? end.findings : [...end.findings, death],
      runs: end.numbers["runs"] ?? 0,
      blocks: end.numbers["blocks"] ?? 0,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The finding behind a death: the input that was under way, if it has the same effect alone; made shorter as long as it has. */
async function readDeath(
  name: string,
  end: ChildEnd,
  kind: "crash" | "hang",
  folder: string,
): Promise<Finding | undefined> {
  const bytes = await readFile(join(folder, "current"));
  if (bytes.length < 4) throw new Error(`The fuzzer of ${name} could not start: ${end.errors}`);
  const input = bytes.subarray(4, 4 + bytes.readUInt32LE(0));
  const file = join(folder, "only");
  const isFatal = async (candidate: Uint8Array): Promise<boolean> => {
    await writeFile(file, candidate);
    return (await runChild([name, "--only", file])).death === kind;
  };
  const isRepeated = await isFatal(input);
  // A hang alone was a busy machine; a crash alone may be what all inputs together did.
  if (!isRepeated && kind === "hang") return undefined;
  const tries = isRepeated && kind === "crash" ? MINIMISE_TRIES : 0;
  return { kind, what: end.errors.slice(0, 2000), input: await minimise(input, isFatal, tries) };
}

async function runChild(args: readonly string[], onProgress?: FuzzOptions["onProgress"]): Promise<ChildEnd> {
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MB}`, "--import", "tsx", childFile, ...args],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const findings: Finding[] = [];
  let numbers: Readonly<Record<string, number>> = {};
  let errors = "";
  let isHung = false;
  const watchdog = setTimeout(() => {
    isHung = true;
    child.kill("SIGKILL");
  }, SILENCE_MS);
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface(child.stdout).on("line", (line) => {
    watchdog.refresh();
    const printed = JSON.parse(line) as Finding & { readonly input?: string };
    if ("kind" in printed) findings.push({ ...printed, input: Buffer.from(String(printed.input), "base64") });
    else {
      numbers = printed;
      onProgress?.(numbers);
    }
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(watchdog);
  return { findings, numbers, death: isHung ? "hang" : code === 0 ? undefined : "crash", errors };
}

/**
 * Fuzzes one decoder for so many seconds, or with `--only` decodes one file. Prints a line of JSON for each finding, and
 * one of numbers each second. Started by fuzz/run.ts, which watches it.
 */
import { openSync, readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { recordedInputs } from "./corpus.ts";
import { startCoverage } from "./coverage.ts";
import { DECODERS, type Decoder } from "./decoders/index.ts";
import { type Finding, savedFindings, vectorsFolder } from "./findings.ts";
import { minimise } from "./minimise.ts";
import { makeInput } from "./mutate.ts";
import { createRandom } from "./random.ts";

/** Longest that one input may take, in milliseconds; alone, so that a busy machine is no finding. */
const MAX_MS = 200;
/** Most that the process may grow beyond its size with the corpus read, in bytes. Its heap has a limit of its own. */
const MAX_GROWTH = 512 * 1024 * 1024;
/** Inputs between two looks at the coverage. */
const BATCH = 64;
const MINIMISE_TRIES = 2000;
/** Between two lines of numbers; the parent takes long silence for a hang. */
const PRINT_MS = 1000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    /** Where the input under way is written, for the parent to find when this process dies. */
    current: { type: "string" },
    only: { type: "string" },
  },
});
const decoder = decoderNamed(positionals[0] ?? "");
const current = options.current === undefined ? undefined : openSync(options.current, "w");
const known = new Set<string>();
let runs = 0;
let numbers: Readonly<Record<string, number>> = {};
let printedAt = 0;
let sizeAtStart = Number.POSITIVE_INFINITY;

if (options.only === undefined) await fuzz(decoder);
else {
  const finding = await attempt(readFileSync(options.only));
  if (finding !== undefined) print(finding);
}

async function fuzz({ seeds = [], words = [] }: Decoder): Promise<void> {
  const random = createRandom(Number(options.seed));
  const coverage = await startCoverage(pathToFileURL(`${process.cwd()}/`).href);
  const saved = savedFindings(positionals[0] ?? "").map(([, input]) => input);
  const own = (await Promise.all(seeds)).map((seed) => Buffer.from(seed));
  const given = [...own, ...saved, ...recordedInputs(vectorsFolder)];
  const corpus: Uint8Array[] = [];
  const explore = async (inputs: readonly Uint8Array[]): Promise<void> => {
    for (const input of inputs) await judge(input);
    const blocks = await coverage.takeNew();
    for (const input of blocks.length > 0 ? inputs : []) {
      await judge(input);
      const reached = await coverage.takeNew();
      if (reached.length > 0) corpus.push(input);
      coverage.add(reached);
    }
    // What no input reaches alone, such as clean-up, would be new for ever.
    coverage.add(blocks);
    numbers = { corpus: corpus.length, blocks: coverage.size };
  };

  for (let at = 0; at < given.length; at += BATCH) await explore(given.slice(at, at + BATCH));
  const material = {
    corpus: corpus.length > 0 ? corpus : [Buffer.of(0)],
    words: words.map((word) => Buffer.from(word)),
  };
  sizeAtStart = process.memoryUsage.rss();
  const endsAt = Date.now() + Number(options.seconds) * 1000;
  while (Date.now() < endsAt) await explore(Array.from({ length: BATCH }, () => makeInput(random, material)));
  print({ runs, ...numbers });
}

/** Decodes an input; a finding of a new kind is minimised and printed. */
async function judge(input: Uint8Array): Promise<void> {
  if (current !== undefined) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(input.length);
    writeSync(current, Buffer.concat([length, input]), 0, input.length + 4, 0);
  }
  runs++;
  if (Date.now() - printedAt > PRINT_MS) {
    printedAt = Date.now();
    print({ runs, ...numbers });
  }
  const finding = await attempt(input);
  if (process.memoryUsage.rss() - sizeAtStart > MAX_GROWTH) {
    print({ kind: "memory", what: `more than ${MAX_GROWTH} bytes`, input });
    process.exit(0);
  }
  if (finding === undefined || known.has(nameOf(finding))) return;
  const name = nameOf(finding);
  known.add(name);
  const isSame = async (candidate: Uint8Array): Promise<boolean> => {
    const other = await attempt(candidate);
    return other !== undefined && nameOf(other) === name;
  };
  const tries = finding.kind === "slow" ? 100 : MINIMISE_TRIES;
  print({ ...finding, input: await minimise(input, isSame, tries) });
}

async function attempt(input: Uint8Array): Promise<Finding | undefined> {
  // A copy, so that a decoder which writes into its input cannot change the corpus.
  const startedAt = performance.now();
  const error = await errorOf(Uint8Array.from(input));
  if (performance.now() - startedAt > MAX_MS && (await fastest(input)) > MAX_MS)
    return { kind: "slow", what: `more than ${MAX_MS} ms`, input };
  if (error === undefined || decoder.isRefusal(error)) return undefined;
  return { kind: "error", what: describe(error), input };
}

async function fastest(input: Uint8Array): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 4; tries++) {
    const startedAt = performance.now();
    await errorOf(Uint8Array.from(input));
    best = Math.min(best, performance.now() - startedAt);
  }
  return best;
}

async function errorOf(input: Uint8Array): Promise<unknown> {
  try {
    await decoder.decode(input);
    return undefined;
  } catch (error) {
    return error ?? new Error("nothing was thrown");
  }
}

/** The class, the message without what changes with the input, and where it came from. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `${typeof error} thrown`;
  const place = error.stack?.split("\n").find((line) => /^\s+at /.test(line)) ?? "";
  return `${error.name}: ${error.message.slice(0, 300)} ${place.trim()}`;
}

/** Findings of one name are taken for one defect. */
function nameOf({ kind, what }: Finding): string {
  return `${kind} ${what.replace(/"[^"]*"|\d+/g, "*")}`;
}

function print(line: Finding | Readonly<Record<string, number>>): void {
  const shown =
    "input" in line && typeof line.input === "object"
      ? { ...line, input: Buffer.from(line.input).toString("base64") }
      : line;
  writeSync(1, `${JSON.stringify(shown)}\n`);
}

function decoderNamed(name: string): Decoder {
  const found = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (found === undefined)
    throw new Error(`There is no decoder ${name}; there are ${Object.keys(DECODERS).join(", ")}.`);
  return found;
}

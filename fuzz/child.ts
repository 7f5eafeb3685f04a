/**
 * Fuzzes one decoder for so many seconds, or with `--only` decodes one file. Prints a line of JSON for each finding, and
 * one of numbers each second. Started by fuzz/run.ts, which watches it.
 */
import { openSync, readFileSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { startingInputs } from "./corpus.ts";
import { startCoverage } from "./coverage.ts";
import { DECODERS, type Decoder } from "./decoders/index.ts";
import type { Finding } from "./findings.ts";
import { judge, nameOf, shorten } from "./judge.ts";
import { makeInput, materialOf } from "./mutate.ts";
import { createRandom } from "./random.ts";

/** Most that the process may grow beyond its size with the corpus read, in bytes. Its heap has a limit of its own. */
const MAX_GROWTH = 512 * 1024 * 1024;
/** Inputs between two looks at the coverage. */
const BATCH = 64;
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
const [name = ""] = positionals;
const decoder = decoderNamed(name);
const current = options.current === undefined ? undefined : openSync(options.current, "w");
const known = new Set<string>();
let numbers = { runs: 0, corpus: 0, blocks: 0 };
let printedAt = 0;
let sizeAtStart = Number.POSITIVE_INFINITY;

if (options.only === undefined) await fuzz();
else {
  const finding = await judge(decoder, readFileSync(options.only));
  if (finding !== undefined) print(finding);
}

async function fuzz(): Promise<void> {
  const random = createRandom(Number(options.seed));
  const coverage = await startCoverage(pathToFileURL(`${process.cwd()}/`).href);
  const corpus: Uint8Array[] = [];
  const explore = async (inputs: readonly Uint8Array[]): Promise<void> => {
    for (const input of inputs) await run(input);
    // A turn of the event loop: Node frees what zlib and others hold natively in one.
    await setImmediate();
    const blocks = await coverage.takeNew();
    for (const input of blocks.length > 0 ? inputs : []) {
      await run(input);
      const reached = await coverage.takeNew();
      if (reached.length > 0) corpus.push(input);
      coverage.add(reached);
    }
    // What no input reaches alone, such as clean-up, would be new for ever.
    coverage.add(blocks);
    numbers = { ...numbers, corpus: corpus.length, blocks: coverage.size };
  };

  const given = await startingInputs(name, decoder);
  for (let at = 0; at < given.length; at += BATCH) await explore(given.slice(at, at + BATCH));
  const material = materialOf(corpus, decoder.words);
  sizeAtStart = process.memoryUsage.rss();
  const endsAt = Date.now() + Number(options.seconds) * 1000;
  while (Date.now() < endsAt) await explore(Array.from({ length: BATCH }, () => makeInput(random, material)));
  print(numbers);
}

/** Decodes an input; a finding of a new kind is minimised and printed. */
async function run(input: Uint8Array): Promise<void> {
  if (current !== undefined) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(input.length);
    writeSync(current, Buffer.concat([length, input]), 0, input.length + 4, 0);
  }
  numbers = { ...numbers, runs: numbers.runs + 1 };
  printNumbers();
  const finding = await judge(decoder, input);
  if (process.memoryUsage.rss() - sizeAtStart > MAX_GROWTH) {
    print({ kind: "memory", what: `more than ${MAX_GROWTH} bytes`, input });
    process.exit(0);
  }
  if (finding === undefined || known.has(nameOf(finding))) return;
  known.add(nameOf(finding));
  print(await shorten(decoder, finding, printNumbers));
}

/** Once a second, so that the parent knows that this process goes on. */
function printNumbers(): void {
  if (Date.now() - printedAt < PRINT_MS) return;
  printedAt = Date.now();
  print(numbers);
}

function print(line: Finding | typeof numbers): void {
  const shown = "kind" in line ? { ...line, input: Buffer.from(line.input).toString("base64") } : line;
  writeSync(1, `${JSON.stringify(shown)}\n`);
}

function decoderNamed(wanted: string): Decoder {
  const found = Object.hasOwn(DECODERS, wanted) ? DECODERS[wanted] : undefined;
  if (found === undefined)
    throw new Error(`There is no decoder ${wanted}; there are ${Object.keys(DECODERS).join(", ")}.`);
  return found;
}

/** What `npm run fuzz` found once stays found: its inputs run again, and each decoder is fuzzed for a moment. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DECODERS, type Decoder } from "../../fuzz/decoders/index.ts";
import { savedFindings, vectorsFolder } from "../../fuzz/findings.ts";
import { type FuzzReport, fuzzDecoder } from "../../fuzz/run.ts";

/** The same inputs each time, unless another seed is asked for. */
const SEED = Number(process.env["CELERITY_SEED"] ?? 1);
const SECONDS = 2;
/** Fuzzers at a time. */
const PROCESSES = 2;

const decoders = Object.entries(DECODERS);
const folder = join(vectorsFolder, "fuzz");
const findings = decoders.flatMap(([name, decoder]) =>
  savedFindings(name).map(([file, input]) => ({ name, file, decoder, input })),
);

describe("findings", () => {
  test("are of decoders that exist", () => {
    const kept = existsSync(folder) ? readdirSync(folder) : [];
    expect(kept.filter((name) => !Object.hasOwn(DECODERS, name))).toEqual([]);
  });

  test.each(findings)("$name refuses or reads $file", async ({ decoder, input }) => {
    expect(await problemOf(decoder, input)).toBeUndefined();
  });
});

describe(`a moment of fuzzing (CELERITY_SEED=${SEED})`, () => {
  const reports = startAll();

  test.each(decoders.map(([name]) => name))("%s", { timeout: 120_000 }, async (name) => {
    const report = await reports.get(name);
    expect(report?.findings.map(({ kind, what, input }) => [kind, what, Buffer.from(input)])).toEqual([]);
    expect(report?.runs).toBeGreaterThan(100);
  });
});

/** What a decoder threw that is no refusal. */
async function problemOf({ decode, isRefusal }: Decoder, input: Uint8Array): Promise<unknown> {
  try {
    await decode(input);
    return undefined;
  } catch (error) {
    return isRefusal(error) ? undefined : error;
  }
}

function startAll(): ReadonlyMap<string, Promise<FuzzReport>> {
  const lanes: Promise<unknown>[] = Array.from({ length: PROCESSES }, () => Promise.resolve());
  return new Map(
    decoders.map(([name], index) => {
      const lane = index % PROCESSES;
      const report = (lanes[lane] ?? Promise.resolve()).then(() =>
        fuzzDecoder(name, { seconds: SECONDS, seed: SEED }),
      );
      // Whoever awaits the report hears of its failure.
      lanes[lane] = report.catch(() => undefined);
      return [name, report];
    }),
  );
}

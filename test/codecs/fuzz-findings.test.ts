/**
 * What `npm run fuzz` found once stays found: its inputs run again, and each decoder gets new inputs for a moment. Here
 * without a process of their own: a crash or a hang ends this file.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startingInputs } from "../../fuzz/corpus.ts";
import { DECODERS, type Decoder } from "../../fuzz/decoders/index.ts";
import { type Finding, savedFindings, vectorsFolder } from "../../fuzz/findings.ts";
import { judge } from "../../fuzz/judge.ts";
import { makeInput, materialOf } from "../../fuzz/mutate.ts";
import { createRandom } from "../../fuzz/random.ts";
import { fuzzDecoder } from "../../fuzz/run.ts";

/** The same inputs each time, unless another seed is asked for. */
const SEED = Number(process.env["CELERITY_SEED"] ?? 1);
const MOMENT_MS = 1000;

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
    expect(await judge(decoder, input)).toBeUndefined();
  });
});

describe(`a moment of fuzzing (CELERITY_SEED=${SEED})`, () => {
  test.each(decoders)("%s", { timeout: 60_000 }, async (name, decoder) => {
    const random = createRandom(SEED);
    const material = materialOf(await readable(name, decoder), decoder.words);
    const endsAt = Date.now() + MOMENT_MS;
    do expectNone(await judge(decoder, makeInput(random, material)));
    while (Date.now() < endsAt);
  });

  test("in a process of its own", { timeout: 60_000 }, async () => {
    const report = await fuzzDecoder("json", { seconds: 1, seed: SEED });
    expect(report).toMatchObject({ findings: [], runs: expect.any(Number) });
    expect(report.blocks).toBeGreaterThan(100);
  });
});

/** Inputs that the decoder does not refuse: more is found near them. */
async function readable(name: string, decoder: Decoder): Promise<Uint8Array[]> {
  const kept: Uint8Array[] = [];
  for (const input of await startingInputs(name, decoder)) {
    try {
      await decoder.decode(input);
      kept.push(input);
    } catch (error) {
      expect(decoder.isRefusal(error), String(error)).toBe(true);
    }
  }
  return kept;
}

function expectNone(finding: Finding | undefined): void {
  if (finding === undefined) return;
  expect.fail(`${finding.kind}: ${finding.what}: ${Buffer.from(finding.input).toString("base64")}`);
}

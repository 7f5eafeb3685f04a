/** Faults planted one at a time in a live adapter of Celerity: each is caught by the vectors that name it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ScenarioVector } from "../../conformance/index.ts";
import { LIVE_MUTANTS } from "./mutants/live-mutants.ts";
import { MutantProcess } from "./mutants/mutant-process.ts";
import { suite } from "./parrot.ts";

const START_MS = 90_000;

function vectorOf(id: string): ScenarioVector {
  const vector = suite.vectors.find((one) => one.id === id);
  if (vector?.command !== "scenario") throw new Error(`There is no scenario ${id}.`);
  return vector;
}

const ids = [...new Set(LIVE_MUTANTS.flatMap(({ caughtBy }) => Object.keys(caughtBy)))];
const vectors = ids.map(vectorOf);
let process: MutantProcess;

beforeAll(async () => {
  process = await MutantProcess.start(vectors);
}, START_MS);

afterAll(async () => {
  await process.stop();
});

test(
  "the scenarios pass without a fault",
  async () => {
    const rightly = async (vector: ScenarioVector): Promise<void> =>
      expect(await process.play(vector), vector.id).toMatch(/^(pass|info) /);
    for (const vector of vectors) if (vector.worker !== "shared") await rightly(vector);
    await Promise.all(vectors.filter(({ worker }) => worker === "shared").map(rightly));
  },
  START_MS,
);

describe("faults", () => {
  test.each(LIVE_MUTANTS)(
    "$name",
    async ({ name, isLoss = false, caughtBy }) => {
      for (const [id, finding] of Object.entries(caughtBy)) {
        const step = /\$\.steps\[(\d+)\]/.exec(finding)?.[1];
        const vainStep = isLoss && step !== undefined ? Number(step) : undefined;
        expect(await process.play(vectorOf(id), { mutant: name, vainStep }), id).toContain(finding);
      }
    },
    START_MS,
  );
});

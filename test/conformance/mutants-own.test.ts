/** Faults planted one at a time in workers that are ended and started again: each is caught by the vector that names it. */
import { expect, test } from "vitest";
import { runVectors, type ScenarioVector, type Step } from "../../conformance/index.ts";
import { MUTANT_VARIABLE } from "./mutants/live-mutant.ts";
import { ADAPTER_WITH_FAULTS } from "./mutants/mutant-process.ts";
import { SETTLING_FAULTS } from "./mutants/settling-faults.ts";
import { suite } from "./parrot.ts";

/** Longer than the lease that these scenarios set: what comes back came back by then. */
const WAIT_MS = 8000;

const hurried = (step: Step): Step =>
  step.do === "await" && step.withinMs !== undefined ? { ...step, withinMs: WAIT_MS } : step;

/** Scenarios of a fault: it is named in the environment of their workers, and in their ids. */
const planted = SETTLING_FAULTS.flatMap(({ name, caughtBy }) =>
  Object.entries(caughtBy).map(([id, finding]) => {
    const vector = suite.vectors.find(
      (one): one is ScenarioVector => one.id === id && one.command === "scenario",
    );
    if (vector === undefined) throw new Error(`There is no scenario ${id}.`);
    const env = { ...vector.env, CONF_POOL: "async", [MUTANT_VARIABLE]: name };
    return { finding, vector: { ...vector, id: name, env, steps: vector.steps.map(hurried) } };
  }),
);

test("settling", async () => {
  const { results } = await runVectors({
    vectors: planted.map(({ vector }) => vector),
    session: { command: ADAPTER_WITH_FAULTS, timeoutMs: WAIT_MS },
  });
  expect(results).toHaveLength(planted.length);
  for (const [at, { status, message }] of results.entries())
    expect(`${status} ${message}`).toContain(planted[at]?.finding);
}, 120_000);

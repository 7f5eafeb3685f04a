/** Plays the steps of a scenario, one after another. */
import type { Step } from "../suite/scenario.ts";
import type { Difference, Weight } from "../values/compare.ts";
import type { Stage } from "./stage.ts";
import { perform } from "./steps/index.ts";

const ORDER: readonly Weight[] = ["info", "should", "must"];

/** Resolves to what is wrong. What comes after a failed MUST would only repeat it, and is left out. */
export async function play(steps: readonly Step[], stage: Stage): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (const [at, step] of steps.entries()) {
    stage.note(`step ${at + 1}: ${describe(step)}`);
    const differences = (await perform(step, stage)).map((difference) => placed(difference, step, at));
    found.push(...differences);
    if (differences.some(({ weight }) => weight === "must")) break;
  }
  return found;
}

/** Paths begin with the step, and what the vector says of the failure comes first. */
function placed(difference: Difference, { weight = "must", reason, ...step }: Step, at: number): Difference {
  const isLighter = ORDER.indexOf(difference.weight) <= ORDER.indexOf(weight);
  const reasons = [reason, difference.reason].filter((text) => text !== undefined);
  return {
    ...difference,
    weight: isLighter ? difference.weight : weight,
    path: `$.steps[${at}].${step.do}${difference.path.slice(1)}`,
    ...(reasons.length > 0 && { reason: reasons.join(": ") }),
  };
}

/** A step in a few words. */
function describe(step: Step): string {
  const { do: kind, ...rest } = step;
  const told = ["as", "task", "method", "type", "path", "ready", "ms"].flatMap((name) => {
    const value: unknown = (rest as Readonly<Record<string, unknown>>)[name];
    return value === undefined ? [] : [String(value)];
  });
  return [kind, ...told].join(" ");
}

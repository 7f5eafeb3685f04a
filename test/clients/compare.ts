/** Compares what a client's runner printed with the scenario. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "../../protocol/index.ts";

export const SCENARIO: string = fileURLToPath(new URL("../../clients/scenario.json", import.meta.url));

/** What test/clients reads of a step; the rest is for the runners. */
interface Step {
  readonly name: string;
  readonly feature: string;
  readonly save?: string;
  readonly expect?: unknown;
  readonly fails?: Readonly<Record<string, unknown>>;
}

export interface ComparedStep {
  readonly name: string;
  readonly feature: string;
  readonly isUnsupported: boolean;
  /** In words; none when it did what it should. */
  readonly differences: readonly string[];
}

/** `output`: one JSON line for each step. */
export function compareRun(output: string): readonly ComparedStep[] {
  const { steps } = JSON.parse(readFileSync(SCENARIO, "utf8")) as { readonly steps: readonly Step[] };
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const saved = new Map<string, unknown>();
  return steps.map((step, at) => {
    const line = parseLine(lines[at]);
    const { name, feature } = step;
    if (line["step"] === name && line["unsupported"] === true)
      return { name, feature, isUnsupported: true, differences: [] };
    if (step.save !== undefined && isPlainObject(line["value"])) saved.set(step.save, line["value"]["id"]);
    return { name, feature, isUnsupported: false, differences: [...compareStep(step, line, saved)] };
  });
}

function parseLine(line: string | undefined): Readonly<Record<string, unknown>> {
  if (line === undefined) return { broken: "nothing was printed" };
  try {
    const value: unknown = JSON.parse(line);
    return isPlainObject(value) ? value : { broken: line };
  } catch {
    return { broken: line };
  }
}

function* compareStep(
  step: Step,
  line: Readonly<Record<string, unknown>>,
  saved: ReadonlyMap<string, unknown>,
): Generator<string> {
  const { step: printed, ...answer } = line;
  if (printed !== step.name)
    yield `the line is of the step ${JSON.stringify(printed)}: ${JSON.stringify(line)}`;
  else if (step.fails !== undefined) yield* compareMembers(step.fails, answer, saved, "");
  else if (!Object.hasOwn(answer, "value")) yield `no value, but ${JSON.stringify(answer)}`;
  else if (isPlainObject(step.expect)) {
    if (isPlainObject(answer["value"]))
      yield* compareMembers(step.expect, withoutRepeats(answer["value"]), saved, "value.");
    else yield `value is ${JSON.stringify(answer["value"])}, not an object`;
  } else yield* compareMembers({ value: step.expect }, answer, saved, "");
}

/** Who connects to a stream again is told the present state first: progress that was seen may come once more. */
function withoutRepeats({ progress, ...value }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!Array.isArray(progress)) return { ...value, progress };
  return { ...value, progress: progress.filter((done, at) => at === 0 || done !== progress[at - 1]) };
}

function* compareMembers(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
  saved: ReadonlyMap<string, unknown>,
  path: string,
): Generator<string> {
  for (const [name, wanted] of Object.entries(expected)) {
    const value = actual[name];
    if (!fits(wanted, value, saved))
      yield `${path}${name} is ${JSON.stringify(value)}, not ${JSON.stringify(wanted)} (${JSON.stringify(actual)})`;
  }
}

function fits(wanted: unknown, value: unknown, saved: ReadonlyMap<string, unknown>): boolean {
  if (wanted === "any") return typeof value === "string" && value !== "";
  if (wanted === "some") return Array.isArray(value) && value.length > 0;
  if (typeof wanted === "string" && wanted.startsWith("$")) return value === saved.get(wanted.slice(1));
  return isDeepStrictEqual(value, wanted);
}

/** What an implementation is asked, and what it cannot be asked. */
import { type AdapterInfo, DEFAULT_COMMANDS, featureNames } from "../ccp/messages.ts";
import type { ServerKind } from "../suite/scenario.ts";
import type { EncodeVector, Question, ScenarioVector, Vector } from "../suite/vector.ts";
import { laterVersion } from "./applies.ts";
import { OLD_CANARY } from "./old-canary.ts";

/** A scenario to play, and the vector that its result is about. */
export interface PlannedScenario {
  readonly vector: Vector;
  readonly scenario: ScenarioVector;
}

export interface RunPlan {
  /** Asked over the pipe. */
  readonly questions: readonly Question[];
  readonly scenarios: readonly PlannedScenario[];
  /** With what each needs that is not there. */
  readonly disabled: readonly { readonly vector: Vector; readonly missing: readonly string[] }[];
}

export function planRun(vectors: readonly Vector[], info: AdapterInfo, kind: ServerKind): RunPlan {
  const has = featureNames(info.features);
  const commands = new Set(info.commands ?? DEFAULT_COMMANDS);
  const questions: Question[] = [];
  const scenarios: PlannedScenario[] = [];
  const disabled: { vector: Vector; missing: readonly string[] }[] = [];
  for (const vector of vectors) {
    const scenario = withCanary(scenarioOf(vector, commands), has);
    const later = laterVersion(info, vector.applies);
    const missing = [
      ...(later === undefined ? [] : [later]),
      ...(info.roles.includes(vector.role) ? [] : [`the role ${vector.role}`]),
      ...vector.features.filter((name) => !has.has(name)),
      ...(scenario === undefined ? [] : missingFor(scenario, info, commands, kind)),
    ];
    if (missing.length === 0 && scenario !== undefined) scenarios.push({ vector, scenario });
    else if (missing.length === 0 && vector.command !== "scenario" && commands.has(vector.command))
      questions.push(vector);
    else disabled.push({ vector, missing: missing.length > 0 ? missing : [`the command ${vector.command}`] });
  }
  return { questions, scenarios, disabled };
}

/** Workers without protocol 2 have a canary of protocol 1. */
function withCanary(
  scenario: ScenarioVector | undefined,
  has: ReadonlySet<string>,
): ScenarioVector | undefined {
  const needsOld = has.has("protocol:1") && !has.has("protocol:2");
  return scenario === undefined || !needsOld ? scenario : { canary: OLD_CANARY, ...scenario };
}

/** A message that an adapter cannot make without a broker is taken from one. */
function scenarioOf(vector: Vector, commands: ReadonlySet<string>): ScenarioVector | undefined {
  if (vector.command === "scenario") return vector;
  const isPublished = vector.command === "encode" && !commands.has("encode") && commands.has("publish");
  return isPublished ? published(vector) : undefined;
}

function published(vector: EncodeVector): ScenarioVector {
  const { view, expect: _, call, wire, relative, ...base } = vector;
  const id = view["id"];
  return {
    ...base,
    command: "scenario",
    worker: "none",
    ids: typeof id === "string" ? { task: id } : {},
    steps: [
      { do: "publish", as: "task", call },
      { do: "take", wire, view, ...(relative !== undefined && { relative }) },
    ],
  };
}

function missingFor(
  { brokers, worker, steps }: ScenarioVector,
  { features }: AdapterInfo,
  commands: ReadonlySet<string>,
  kind: ServerKind,
): readonly string[] {
  const theirs: unknown = features["brokers"];
  const wanted = new Set<string>(
    steps.flatMap((step) => (step.do === "publish" || step.do === "result" ? [step.do] : [])),
  );
  if (worker !== "none") wanted.add("work");
  if (steps.some((step) => step.do === "http")) wanted.add("serve");
  if (steps.some((step) => step.do === "drain")) wanted.add("drain");
  const stores: unknown = features["backends"];
  const isBlind = worker !== "none" && !(Array.isArray(stores) && stores.length > 0);
  return [
    ...(brokers === undefined || brokers.includes(kind) ? [] : [`a broker of ${brokers.join(" or ")}`]),
    ...(Array.isArray(theirs) && !theirs.includes(kind) ? [`brokers:${kind}`] : []),
    ...(isBlind ? ["a result store, to see what became of tasks"] : []),
    ...[...wanted].filter((name) => !commands.has(name)).map((name) => `the command ${name}`),
  ];
}

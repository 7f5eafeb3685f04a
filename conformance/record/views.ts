/** Fills in what Celery's worker stored and what its client read. */
import { CelerityError } from "../../protocol/index.ts";
import { playAll } from "../run/scenarios.ts";
import { NO_ALLOWANCES } from "../run/verdict.ts";
import type { Step } from "../suite/scenario.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import { renamed } from "../values/rename.ts";
import type { Tagged, TaggedObject } from "../values/tagged.ts";
import type { RecordOptions } from "./record.ts";

/** Of a stored result, what other implementations can be measured by. */
const KEPT = ["state", "value", "error", "children"] as const;
const PARALLEL = 8;

/** Plays the scenarios that lack views, and fills in what was seen. */
export async function fillViews(
  vectors: readonly ScenarioVector[],
  { session, servers }: RecordOptions,
): Promise<readonly ScenarioVector[]> {
  const seen = new Map<string, TaggedObject>();
  const troubles = new Map<string, string>();
  const lacking = vectors.filter(({ steps }) => steps.some(lacksView));
  const planned = lacking.map((vector) => {
    const scenario = { ...vector, steps: vector.steps.map(withEmptyView) };
    return { vector: scenario, scenario };
  });
  const onSeen = (
    vector: ScenarioVector,
    task: string,
    view: TaggedObject,
    ids: ReadonlyMap<string, string>,
  ) => {
    const names = Object.entries(vector.ids ?? {}).map(
      ([name, recorded]) => [ids.get(name) ?? recorded, recorded] as const,
    );
    seen.set(`${vector.id} ${task}`, renamed(view, new Map(names)));
  };
  await playAll(
    planned,
    { session, servers, parallel: PARALLEL, allowances: NO_ALLOWANCES, onSeen },
    ({ id, message }) => troubles.set(id, message),
  );
  return vectors.map((vector) => ({
    ...vector,
    steps: vector.steps.map((step) =>
      "task" in step && lacksView(step)
        ? ({
            ...step,
            view: kept(seen.get(`${vector.id} ${step.task}`) ?? unseen(vector.id, step.task, troubles)),
          } as Step)
        : step,
    ),
  }));
}

/** Throws CelerityError `unsupported`: Celery did not do what the plan says. */
function unseen(id: string, task: string, troubles: ReadonlyMap<string, string>): never {
  throw new CelerityError("unsupported", `${id}: nothing was seen of ${task}. ${troubles.get(id) ?? ""}`);
}

function lacksView(step: Step): boolean {
  return (step.do === "await" || step.do === "result") && step.view === undefined;
}

function withEmptyView(step: Step): Step {
  return lacksView(step) ? ({ ...step, view: {} } as Step) : step;
}

function kept(view: TaggedObject): TaggedObject {
  const members = KEPT.flatMap((name): readonly (readonly [string, Tagged])[] => {
    const value = view[name];
    return value === undefined || (name === "children" && isNothing(value))
      ? []
      : [[name, name === "error" ? errorOf(value) : value]];
  });
  return Object.fromEntries(members.length > 0 ? members : Object.entries(view));
}

function isNothing(value: Tagged): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** The module of an error is its language's. */
function errorOf(error: Tagged): Tagged {
  const { module: _, ...rest } = error as TaggedObject;
  return rest;
}

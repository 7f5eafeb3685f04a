/** A canvas that takes the place of a running task. Source: celery/app/task.py `Task.replace` of 5.7. */
import { ConfigurationError, type PlainObject, type Signature, signature } from "../protocol/index.ts";
import { join } from "./compose.ts";
import { type Draft, type DraftOptions, toDraft } from "./draft.ts";
import { freeze } from "./freeze.ts";
import type { PlanContext } from "./frozen.ts";
import { addErrback, addLink } from "./link.ts";
import { isEmptyChain } from "./merge.ts";
import { type CanvasPlan, planDraft } from "./plan.ts";

/** What the running task hands on. */
export interface ReplacedTask {
  readonly id: string;
  readonly rootId: string;
  readonly groupId: string | undefined;
  readonly groupIndex: number | undefined;
  /** How many times a task of this id was replaced before. */
  readonly nesting: number;
  readonly callbacks: readonly Signature[];
  readonly errbacks: readonly Signature[];
  /** Rest of its chain, the next task last. */
  readonly chain: readonly Signature[];
  readonly chord: Signature | undefined;
  /** Options that a plain task in its place keeps, by Celery's names. */
  readonly options: PlainObject;
}

/** Plans the messages of the replacement: its last result is the task's own. Throws ConfigurationError for what cannot stand for a task. */
export function planReplacement(
  replacement: Signature,
  replaced: ReplacedTask,
  context: PlanContext,
): CanvasPlan {
  let canvas = withOneResult(toDraft(replacement));
  if (canvas.options["chord"] !== undefined)
    throw new ConfigurationError("A canvas that is part of a chord cannot replace a task.");
  if (isEmptyChain(canvas)) throw new ConfigurationError("An empty chain cannot replace a task.");
  const end = canvas.kind === "chain" ? (canvas.tasks.at(-1) ?? canvas) : canvas;
  for (const callback of replaced.callbacks) addLink(end, toDraft(callback));
  for (const errback of replaced.errbacks) addErrback(canvas, toDraft(errback), context.errbacksOnHeaders);
  freeze(canvas, { id: replaced.id }, context);
  const nesting: DraftOptions = { replaced_task_nesting: replaced.nesting + 1 };
  Object.assign(
    canvas.options,
    canvas.kind === "task" ? withDefaults(replaced.options, canvas) : {},
    nesting,
    {
      chord: replaced.chord === undefined ? null : toDraft(replaced.chord),
      group_id: replaced.groupId ?? null,
      group_index: replaced.groupIndex ?? null,
      root_id: replaced.rootId,
    },
  );
  if (canvas.kind === "chain") for (const step of canvas.tasks) Object.assign(step.options, nesting);
  for (const next of replaced.chain.toReversed()) {
    const step = toDraft(next);
    Object.assign(step.options, nesting);
    canvas = join(canvas, step);
  }
  return planDraft(canvas, {}, context);
}

function withDefaults(defaults: PlainObject, { options }: Draft): DraftOptions {
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !(name in options)));
}

/** A group has many results, and the task it replaces one: their list. */
function withOneResult(canvas: Draft): Draft {
  if (canvas.kind === "group") return join(canvas, accumulate());
  const last = canvas.tasks.at(-1);
  if (canvas.kind !== "chain" || last?.kind !== "group") return canvas;
  return { ...canvas, tasks: [...canvas.tasks.slice(0, -1), join(last, accumulate())] };
}

function accumulate(): Draft {
  return toDraft(signature("celery.accumulate", [], { index: 0 }));
}

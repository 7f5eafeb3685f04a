/** From a canvas to what is sent, with its tasks by name, and checked for what would fail halfway. */
import { type App, planContext } from "../../app/index.ts";
import { chordMethod } from "../../backends/index.ts";
import { type CanvasPlan, planCanvas } from "../../canvas/index.ts";
import { ConfigurationError, type ResultNode, type Signature } from "../../protocol/index.ts";
import { uuidOf } from "../idempotency/name-uuid.ts";
import { Problem } from "../problems.ts";
import { newTaskId } from "../task-id.ts";
import { withinNesting } from "./canvas-errors.ts";
import { survey } from "./survey.ts";
import { toNodes, type WorkflowNode } from "./workflow-node.ts";

/** What is known of a task before it runs. */
export interface PlannedTask {
  readonly id: string;
  readonly call: Signature;
}

export interface WorkflowPlan {
  readonly plan: CanvasPlan;
  /** Of the last result. */
  readonly id: string;
  /** Of the first result: of a task, or of a group when it begins with many. */
  readonly rootId: string;
  /** All tasks and groups, the first ones first. */
  readonly nodes: readonly WorkflowNode[];
  readonly tasks: readonly PlannedTask[];
}

/** Levels of a message around its signatures. */
const MARGIN = 5;

export interface PlanWorkflowOptions {
  /** Of all messages. */
  readonly maxBytes: number;
  /** What ids are made from: the same text gives the same ids. Default: new ones. */
  readonly seed?: string | undefined;
}

/** Throws Problem `chords-impossible`, `too-many-tasks` and `payload-too-large`. */
export async function planWorkflow(
  app: App,
  canvas: Signature,
  { maxBytes, seed }: PlanWorkflowOptions,
): Promise<WorkflowPlan> {
  const context = { ...planContext(app), newId: idsFrom(seed) };
  const plan = withinNesting(() => planCanvas(canvas, {}, context));
  const { calls, hasChord, bytes, depth } = survey(plan);
  const maxDepth = app.settings.messageMaxDepth - MARGIN;
  if (depth > maxDepth) {
    throw new Problem("too-many-tasks", {
      detail: `Composed, the canvas nests ${depth} levels deep; workers read ${maxDepth}. A chord with a step behind it stands in the body of the one before.`,
      members: { limit: maxDepth },
    });
  }
  if (bytes > maxBytes) {
    throw new Problem("payload-too-large", {
      detail: `The messages of the workflow have more than ${maxBytes} bytes: each member of a chord carries its body, and each step of a chain the rest of the chain.`,
      members: { limit: maxBytes },
    });
  }
  if (hasChord) await requireChords(app);
  const nodes = toNodes(plan.result, (id) => calls.get(id)?.task);
  const tasks = nodes.flatMap(({ id, kind }) => {
    const call = kind === "task" ? calls.get(id) : undefined;
    return call === undefined ? [] : [{ id, call }];
  });
  return { plan, id: plan.result.id, rootId: firstOf(plan.result).id, nodes, tasks };
}

function idsFrom(seed: string | undefined): () => string {
  const nowMs = Date.now();
  if (seed === undefined) return () => newTaskId(nowMs);
  let made = 0;
  return () => {
    made += 1;
    return uuidOf(seed, String(made));
  };
}

function firstOf(result: ResultNode): ResultNode {
  let first = result;
  while (first.parent !== undefined) first = first.parent;
  return first;
}

async function requireChords(app: App): Promise<void> {
  if (!app.keepsResults) throw new Problem("chords-impossible");
  try {
    chordMethod(await app.backend());
  } catch (error) {
    throw error instanceof ConfigurationError ? new Problem("chords-impossible") : error;
  }
}

/**
 * Freezing: every task of a canvas gets its id before the first message leaves, so that results, groups and chords can
 * name what does not exist yet. Source: celery/canvas.py `freeze` of each class.
 */
import { type ChainPlan, prepareSteps } from "./chain-steps.ts";
import { cloneDraft, type Draft, type DraftOptions } from "./draft.ts";
import { type FreezeFacts, firstOf, type Node, type PlanContext } from "./frozen.ts";
import { isEmptyChain } from "./merge.ts";

/** Gives ids, in place; those that are there stay. */
export function freeze(draft: Draft, facts: FreezeFacts, context: PlanContext): Node {
  switch (draft.kind) {
    case "chain":
      return freezeChain(draft, facts, context);
    case "group":
      return freezeGroup(draft.options, draft.tasks, facts, context);
    case "chord":
      return freezeChord(draft, facts, context);
    default:
      return freezeTask(draft.options, facts, context);
  }
}

function freezeTask(options: DraftOptions, facts: FreezeFacts, { newId, replyTo }: PlanContext): Node {
  options["task_id"] ??= facts.id ?? newId();
  if (facts.rootId !== undefined) options["root_id"] = facts.rootId;
  if (facts.parentId !== undefined) options["parent_id"] = facts.parentId;
  options["reply_to"] ??= replyTo;
  if (facts.groupId !== undefined) options["group_id"] ??= facts.groupId;
  if (facts.chord !== undefined) options["chord"] = facts.chord;
  if (facts.groupIndex !== undefined) options["group_index"] = facts.groupIndex;
  return { id: String(options["task_id"]) };
}

function freezeChain(draft: Draft, facts: FreezeFacts, context: PlanContext): Node {
  const plan: ChainPlan = prepareSteps(draft, { ...facts, lastId: facts.id, clones: false }, context, freeze);
  return plan.results[0] ?? { id: String(draft.options["task_id"] ?? facts.id ?? context.newId()) };
}

/** Freezes the members into `tasks`, in place; groups in groups are dissolved. */
export function freezeGroup(
  options: DraftOptions,
  tasks: Draft[],
  facts: FreezeFacts,
  context: PlanContext,
): Node {
  options["task_id"] ??= context.newId();
  if (facts.groupId !== undefined) options["group_id"] = facts.groupId;
  if (facts.chord !== undefined) options["chord"] = facts.chord;
  if (facts.groupIndex !== undefined) options["group_index"] = facts.groupIndex;
  if (!("root_id" in options)) options["root_id"] = facts.rootId ?? null;
  if (!("parent_id" in options)) options["parent_id"] = facts.parentId ?? null;
  const rootId = text(options["root_id"]);
  const parentId = text(options["parent_id"]);
  const frozen: Draft[] = [];
  const results: Node[] = [];
  const stack = [...tasks].reverse();
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    const member = cloneDraft(task);
    // As in Celery, the members of a group in a group come out in reverse.
    if (member.kind === "group") stack.push(...member.tasks);
    else if (!isEmptyChain(member)) {
      const { groupId, chord } = facts;
      const inner = { groupId, chord, rootId, parentId, groupIndex: frozen.length };
      results.push(freeze(member, inner, context));
      frozen.push(member);
    }
  }
  tasks.splice(0, tasks.length);
  for (const member of frozen) tasks.push(member);
  return { id: String(options["task_id"]), children: results };
}

function freezeChord(draft: Draft, facts: FreezeFacts, context: PlanContext): Node {
  draft.headerOptions ??= {};
  const { rootId, parentId } = facts;
  const header = freezeGroup(
    draft.headerOptions,
    draft.tasks,
    { parentId, rootId, chord: draft.body },
    context,
  );
  draft.options["task_id"] = header.id;
  if (draft.body === undefined) return header;
  const body = freeze(draft.body, { ...facts, parentId: undefined }, context);
  firstOf(body).parent = header;
  return body;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * The steps of a chain, as they will run: chains in chains are spliced in, a group with a step behind it becomes a chord,
 * and every step knows its id. Source: celery/canvas.py `_chain.prepare_steps`.
 */
import type { PlainObject } from "../protocol/index.ts";
import { cloneDraft, createDraft, type Draft, links } from "./draft.ts";
import type { FreezeFacts, Node, PlanContext } from "./frozen.ts";
import { firstOf } from "./frozen.ts";
import { addErrback, addLink } from "./link.ts";
import { cloneWith, isEmptyGroup, joinArgs, unrollGroup } from "./merge.ts";

export interface StepsOptions extends FreezeFacts {
  readonly args?: readonly unknown[];
  readonly kwargs?: PlainObject;
  readonly errbacks?: readonly Draft[];
  /** Id of the last step, and so of the chain. */
  readonly lastId?: string | undefined;
  /** Work on copies, to be sent; otherwise ids are given in place. */
  readonly clones: boolean;
}

/** Gives a canvas its ids, in place. */
export type Freeze = (draft: Draft, facts: FreezeFacts, context: PlanContext) => Node;

export interface ChainPlan {
  /** The last step comes first: a worker takes the next one off the end. */
  readonly tasks: Draft[];
  /** In the order of `tasks`. */
  readonly results: Node[];
}

/** `freeze` is told what a step of any kind needs for its ids. */
export function prepareSteps(
  chain: Draft,
  options: StepsOptions,
  context: PlanContext,
  freeze: Freeze,
): ChainPlan {
  const { clones, rootId } = options;
  const steps = withoutEmptyHead(chain.tasks, clones);
  const tasks: Draft[] = [];
  const results: Node[] = [];
  let previous: Draft | undefined;
  let previousResult: Node | undefined;
  let isLast = true;

  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    const isFirst = steps.length === 0;
    let task = unrollGroup(step);
    if (isEmptyGroup(task) && (!isFirst || previous !== undefined)) continue;
    if (clones && task.kind === "chord" && isLedByTask(task.body)) {
      steps.push(...splitBody(task));
      continue;
    }
    task = withPartials(task, isFirst ? options : undefined, clones);
    if (task.kind === "chain") {
      steps.push(...task.tasks);
      continue;
    }
    if (task.kind === "group" && previous !== undefined) {
      tasks.pop();
      const bodyResult = results.pop();
      task = createDraft("chord", task.tasks, previous);
      task.options["root_id"] = rootId ?? null;
      // A group has no id of a task.
      if (previousResult?.children === undefined) task.options["task_id"] = previousResult?.id;
      previous = tasks.at(-1);
      // What comes behind was joined to the body's result, and shall be joined to the chord's.
      let node = results.at(-1);
      while (node !== undefined && node.parent !== bodyResult) node = node.parent;
      if (node !== undefined) {
        delete node.parent;
        previousResult = node;
      }
    }
    const { groupId, chord, groupIndex, lastId } = options;
    const facts = isLast ? { id: lastId, rootId, groupId, chord, groupIndex } : { rootId };
    const result = freeze(task, facts, context);
    // The group stays a group where the chain waits, and its members keep their ids: the results name them.
    if (!clones && task !== step && task.kind === "chord")
      for (const member of task.tasks) withoutChord(member);
    isLast = false;
    if (previous !== undefined && context.usesLinks) {
      // A group copies what is linked to it.
      if (clones) withoutHeaderLinks(previous);
      addLink(task, previous);
    }
    if (previous !== undefined && previousResult !== undefined) previousResult.parent ??= result;
    for (const errback of options.errbacks ?? []) {
      addErrback(task, errback, context.errbacksOnHeaders);
    }
    tasks.push(task);
    results.push(result);
    previous = task;
    previousResult = task.kind === "chord" ? firstOf(result) : result;
  }
  const id = results[0]?.id ?? options.lastId;
  if (id !== undefined) chain.options["task_id"] = id;
  if (clones) for (const task of tasks) withoutHeaderLinks(task);
  return { tasks, results };
}

/** The first step that does something comes first: it is the one that gets the chain's arguments. */
function withoutEmptyHead(tasks: readonly Draft[], clones: boolean): Draft[] {
  const steps = [...tasks];
  let emptyGroup: Draft | undefined;
  for (let head = steps[0]; head !== undefined; head = steps[0]) {
    if (head.kind === "chain") {
      const inner = clones ? cloneDraft(head).tasks : head.tasks;
      steps.splice(0, 1, ...inner);
      continue;
    }
    head = steps[0] = unrollGroup(head);
    if (steps.length === 1 || !isEmptyGroup(head)) break;
    emptyGroup = steps.shift();
  }
  return steps.length === 0 && emptyGroup !== undefined ? [emptyGroup] : steps;
}

function withPartials(task: Draft, partial: StepsOptions | undefined, clones: boolean): Draft {
  const { args = [], kwargs = {} } = partial ?? {};
  if (clones) return cloneWith(task, { args, kwargs });
  if (partial !== undefined) task.args = joinArgs(args, { ...task, immutable: false });
  return task;
}

/** A body whose first step is no group: what follows that step need not be carried by every member of the header. */
export function isLedByTask(body: Draft | undefined): body is Draft {
  return body?.kind === "chain" && body.tasks[0] !== undefined && body.tasks[0].kind !== "group";
}

/** Options of a chain that are not handed to its first step. */
const CHAIN_OPTIONS: ReadonlySet<string> = new Set([
  "chord",
  "group_id",
  "group_index",
  "link",
  "link_error",
  "parent_id",
  "root_id",
  "task_id",
]);

/** `chord(header, a | b | c)` is `chord(header, a) | b | c`. */
export function splitBody(chord: Draft): Draft[] {
  const own = cloneDraft(chord);
  const [first, ...rest] = own.body === undefined ? [] : stepsOf(own.body);
  if (first === undefined || own.body === undefined) return [own];
  const handed = Object.entries(own.body.options).filter(([name]) => !CHAIN_OPTIONS.has(name));
  own.body = cloneWith(first, { options: Object.fromEntries(handed) });
  return [own, ...rest];
}

/** The chain's steps, with the chain's links on the last and its errbacks on all. Source: `unchain_tasks`. */
export function stepsOf(chain: Draft): Draft[] {
  const steps = chain.tasks.map(cloneDraft);
  const last = steps.at(-1);
  for (const callback of links(chain, "link")) if (last !== undefined) addLink(last, callback);
  for (const errback of links(chain, "link_error")) {
    for (const step of steps) addErrback(step, errback, false);
  }
  return steps;
}

/** A chord that waits carries its body already: its header's members get it again when they are sent. */
export function withoutHeaderLinks(draft: Draft): void {
  if (draft.kind === "chord") {
    if (draft.headerOptions !== undefined) delete draft.headerOptions["chord"];
    for (const member of draft.tasks) withoutChord(member);
    if (draft.body !== undefined) withoutHeaderLinks(draft.body);
  }
  if (draft.kind !== "task") for (const member of draft.tasks) withoutHeaderLinks(member);
}

/** Removes the chord from the tasks that end it. */
function withoutChord(draft: Draft): void {
  delete draft.options["chord"];
  const last = draft.tasks.at(-1);
  if (draft.kind === "group") for (const member of draft.tasks) withoutChord(member);
  else if (draft.kind === "chain" && last !== undefined) withoutChord(last);
  else if (draft.kind === "chord" && draft.body !== undefined) withoutChord(draft.body);
}

/**
 * From a canvas to the messages that start it: which tasks are sent now, with what they carry of the rest, and which
 * chords must be counted. Pure: ids come from outside, and nothing is sent. Source: celery/canvas.py `apply_async` and
 * `run` of each class.
 */
import type { PlainObject, ResultNode, Signature } from "../protocol/index.ts";
import { type ChainPlan, isLedByTask, prepareSteps, splitBody, withoutHeaderLinks } from "./chain-steps.ts";
import {
  cloneDraft,
  createDraft,
  type Draft,
  type DraftOptions,
  links,
  toDraft,
  toDraftOptions,
  toSignature,
} from "./draft.ts";
import { freeze, freezeGroup } from "./freeze.ts";
import type { Node, PlanContext } from "./frozen.ts";
import { withBodyLinks } from "./link.ts";
import { cloneWith, isEmptyChain, joinArgs, merge, mergeOptions, type Partial } from "./merge.ts";

/** A message to be sent: a signature with everything that its call carries. */
export interface PlannedSend {
  readonly type: "send";
  readonly signature: Signature;
}

/** A chord to be counted, before the messages of its header, which come behind it, are sent. */
export interface PlannedChord {
  readonly type: "chord";
  readonly groupId: string;
  /** Tasks that end the header's members, in all. */
  readonly size: number;
  /** The header's results. */
  readonly header: ResultNode;
  /** What the results go to, with its id. */
  readonly body: Signature;
}

export type PlanStep = PlannedSend | PlannedChord;

export interface CanvasPlan {
  /** In the order in which they are to be done. */
  readonly steps: readonly PlanStep[];
  readonly result: ResultNode;
}

/** What a canvas is called with. */
export interface CanvasCall {
  /** Put in front of the canvas's own. */
  readonly args?: readonly unknown[];
  readonly kwargs?: PlainObject;
  /** Celery's options, by Celery's names. */
  readonly options?: PlainObject;
}

/** Plans the messages of a canvas. Throws DecodeError `bad_body` for what is no canvas. */
export function planCanvas(signature: Signature, call: CanvasCall, context: PlanContext): CanvasPlan {
  const { options, ...partial } = call;
  return planDraft(
    toDraft(signature),
    options === undefined ? partial : { ...partial, options: toDraftOptions(options) },
    context,
  );
}

/** Throws DecodeError `bad_body` for a signature that is no canvas; what is a task's needs no look. */
export function checkCanvas(signature: Signature): void {
  if (signature.subtask_type !== null) toDraft(signature);
}

/** The same for a draft, which is used up. */
export function planDraft(draft: Draft, partial: Partial, context: PlanContext): CanvasPlan {
  const planner = new Planner(context);
  const result = planner.apply(draft, partial);
  return { steps: planner.finish(), result };
}

/** A step before its drafts are written as signatures: until the end, freezing goes on to fill them in. */
type Step =
  | { readonly send: Draft }
  | { readonly chord: Omit<PlannedChord, "type" | "body">; readonly body: Draft };

class Planner {
  readonly #context: PlanContext;
  readonly #steps: Step[] = [];

  constructor(context: PlanContext) {
    this.#context = context;
  }

  finish(): readonly PlanStep[] {
    const memo = new Map<Draft, Signature>();
    return this.#steps.map((step): PlanStep => {
      if ("send" in step) return { type: "send", signature: toSignature(step.send, memo) };
      return { type: "chord", ...step.chord, body: toSignature(step.body, memo) };
    });
  }

  apply(draft: Draft, partial: Partial): Node {
    switch (draft.kind) {
      case "chain":
        return this.#applyChain(draft, partial);
      case "group":
        return this.#applyGroup(draft, partial);
      case "chord":
        return this.#applyChord(draft, partial);
      default:
        return this.#applyTask(draft, partial);
    }
  }

  #applyTask(draft: Draft, partial: Partial): Node {
    const send = merge(draft, { ...partial, options: given(partial.options ?? {}) });
    send.options["task_id"] ??= this.#context.newId();
    this.#steps.push({ send });
    return { id: String(send.options["task_id"]) };
  }

  #applyChain(chain: Draft, { args = [], kwargs = {}, options = {} }: Partial): Node {
    const { chord, group_id, group_index, link, link_error, root_id, parent_id, task_id, ...handed } = {
      ...chain.options,
      ...options,
    };
    const plan: ChainPlan = prepareSteps(
      chain,
      {
        args: joinArgs(args, chain),
        kwargs,
        errbacks: (link_error as readonly Draft[] | undefined) ?? [],
        lastId: text(task_id),
        rootId: text(root_id),
        groupId: text(group_id),
        groupIndex: typeof group_index === "number" ? group_index : undefined,
        chord: isDraft(chord) ? chord : undefined,
        clones: true,
      },
      this.#context,
      freeze,
    );
    const { tasks, results } = plan;
    const last = tasks[0];
    const first = tasks.pop();
    if (first === undefined || last === undefined) return { id: text(task_id) ?? this.#context.newId() };
    for (const callback of (link as readonly Draft[] | undefined) ?? []) {
      last.options["link"] = [...links(last, "link"), callback];
    }
    const rest = (handed["chain"] as readonly Draft[] | undefined) ?? [];
    const follows = this.#context.usesLinks ? {} : { chain: [...rest, ...tasks] };
    const sent = this.apply(first, { options: { ...handed, ...follows } });
    return tasks.length === 0 ? sent : (results[0] ?? sent);
  }

  #applyGroup(group: Draft, { args = [], kwargs = {}, options = {} }: Partial): Node {
    if (group.tasks.length === 0) return freeze(group, {}, this.#context);
    const { task_id, chord, group_index: _, ...handed } = mergeOptions(group.options, options);
    const groupId = text(task_id) ?? this.#context.newId();
    const members = this.#frozenMembers(group.tasks, groupId, text(handed["root_id"]));
    const memberOptions = { ...handed, group_id: groupId, add_to_parent: false };
    for (const { member } of members) {
      const body = chord ?? member.options["chord"] ?? null;
      this.apply(member, { args, kwargs, options: { ...memberOptions, chord: body } });
    }
    const children = members.map(({ result }) => result);
    const [only] = children;
    if (children.length === 1 && only?.children !== undefined) return only;
    return { id: groupId, children };
  }

  /** Members of groups in groups count as this group's. */
  #frozenMembers(
    tasks: readonly Draft[],
    groupId: string,
    rootId: string | undefined,
  ): readonly { readonly member: Draft; readonly result: Node }[] {
    return tasks.flatMap((task, groupIndex) => {
      const member = cloneDraft(task);
      if (member.kind === "group") return this.#frozenMembers(member.tasks, groupId, rootId);
      if (isEmptyChain(member)) return [];
      return [{ member, result: freeze(member, { groupId, rootId, groupIndex }, this.#context) }];
    });
  }

  #applyChord(chord: Draft, { args = [], kwargs = {}, options = {} }: Partial): Node {
    const { newId } = this.#context;
    const { body: givenBody, ...headerKwargs } = { ...chord.kwargs, ...kwargs };
    const written = isDraft(givenBody) ? givenBody : chord.body;
    if (written === undefined)
      return this.apply(createDraft("group", chord.tasks), { args, kwargs: headerKwargs, options });
    const called = { ...chord.options, ...options };
    const { countdown, eta, link, link_error, task_id, ...others } = called;
    let body = cloneWith(written, { options: bodyOptions(options) });
    const groupId = text(chord.headerOptions?.["task_id"]) ?? text(chord.options["task_id"]) ?? newId();
    body = withBodyLinks(body, links({ options: called }, "link"), links({ options: called }, "link_error"));
    const rootId = text(body.options["root_id"]);
    Object.assign(body.options, bodyOptions(others));
    if (body.kind === "chain" && !this.#context.usesLinks) body.tasks = splitChords(body.tasks);
    const bodyResult = freeze(body, { id: text(task_id) ?? newId(), groupId, rootId }, this.#context);
    withoutHeaderLinks(body);

    const { chain: _chain, chord: _chord, ...headerOptions } = others;
    const header = createDraft("group", chord.tasks.map(cloneDraft));
    header.options = { ...chord.headerOptions, task_id: groupId };
    const frozen = freezeGroup(header.options, header.tasks, { groupId, chord: body, rootId }, this.#context);
    if (header.tasks.length === 0) {
      this.apply(body, { args: [[]] });
      bodyResult.parent = frozen;
    } else {
      const size = header.tasks.reduce((sum, member) => sum + finalTasks(member), 0);
      this.#steps.push({ chord: { groupId, size, header: frozen }, body });
      const delays = given({ countdown, eta });
      bodyResult.parent = this.apply(header, {
        args: joinArgs(args, chord),
        kwargs: headerKwargs,
        options: { ...headerOptions, ...delays, task_id: groupId },
      });
    }
    return bodyResult;
  }
}

/** Chords in a chain whose bodies begin with a task hand what follows to the chain. */
function splitChords(tasks: readonly Draft[]): Draft[] {
  return tasks.flatMap((task) => {
    if (task.kind === "chain") {
      const own = cloneDraft(task);
      own.tasks = splitChords(own.tasks);
      return [own];
    }
    return task.kind === "chord" && isLedByTask(task.body) ? splitChords(splitBody(task)) : [task];
  });
}

/** How many tasks end this member of a header. Source: celery/canvas.py `_chord._descend`. */
export function finalTasks(draft: Draft): number {
  switch (draft.kind) {
    case "group":
      return draft.tasks.reduce((sum, member) => sum + finalTasks(member), 0);
    case "chain":
      return draft.tasks.map(finalTasks).findLast((count) => count > 0) ?? 0;
    case "chord":
      return draft.body === undefined ? 0 : finalTasks(draft.body);
    default:
      return 1;
  }
}

/** Null stands for "not given". */
function given(options: DraftOptions): DraftOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** What of a chord's options is its body's: the parent of that is the task that completes the header. */
function bodyOptions(options: DraftOptions): DraftOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !HEADER_OPTIONS.has(name)));
}

const HEADER_OPTIONS: ReadonlySet<string> = new Set([
  "parent_id",
  "countdown",
  "eta",
  "link",
  "link_error",
  "task_id",
]);

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && "kind" in value && "headerOptions" in value;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

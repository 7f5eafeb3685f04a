/** What a signature holds, joined with what it is called with. Source: celery/canvas.py `Signature._merge`. */
import type { PlainObject } from "../protocol/index.ts";
import { cloneDraft, type Draft, type DraftOptions } from "./draft.ts";

/** What an application adds to a signature. */
export interface Partial {
  readonly args?: readonly unknown[];
  readonly kwargs?: PlainObject;
  readonly options?: DraftOptions;
}

/** Arguments go in front, keywords and options win; an immutable signature takes options only. */
export function merge(draft: Draft, { args = [], kwargs, options = {} }: Partial): Draft {
  const merged = { ...draft, options: mergeOptions(draft.options, options) };
  if (draft.immutable) return merged;
  return { ...merged, args: joinArgs(args, draft), kwargs: { ...draft.kwargs, ...kwargs } };
}

/** The group that a task counts for, and stamps, stay what they are. */
export function mergeOptions(own: DraftOptions, given: DraftOptions): DraftOptions {
  const stamped = own["stamped_headers"];
  const fixed = new Set(["group_id", "stamped_headers", ...(Array.isArray(stamped) ? stamped : [])]);
  const merged = { ...own };
  for (const [name, value] of Object.entries(given)) {
    if (!fixed.has(name) || !(name in own)) merged[name] = value;
  }
  return merged;
}

export function joinArgs(args: readonly unknown[], draft: Draft): readonly unknown[] {
  return args.length === 0 || draft.immutable ? draft.args : [...args, ...draft.args];
}

/** A copy with more options. */
export function cloneWith(draft: Draft, more: Partial): Draft {
  return merge(cloneDraft(draft), more);
}

/** A group of one is its only member. */
export function unrollGroup(draft: Draft): Draft {
  const [only, ...others] = draft.tasks;
  return draft.kind === "group" && only !== undefined && others.length === 0 ? only : draft;
}

export function isEmptyGroup(draft: Draft): boolean {
  return draft.kind === "group" && draft.tasks.length === 0;
}

export function isEmptyChain(draft: Draft): boolean {
  return draft.kind === "chain" && draft.tasks.length === 0;
}

/** In place: of a group its members, of a chord those of its header. Source: celery/canvas.py `set_immutable` of each class. */
export function setImmutable(draft: Draft, immutable: boolean): void {
  if (draft.kind === "group" || draft.kind === "chord") {
    for (const member of draft.tasks) setImmutable(member, immutable);
  } else draft.immutable = immutable;
}

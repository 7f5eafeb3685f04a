/** Signatures made from others; what they are made from stays as it is. Source: methods of celery/canvas.py `Signature`. */
import { type PlainObject, type Signature, setOwn } from "../protocol/index.ts";
import { cloneDraft, type Draft, toDraft, toDraftOptions, toSignature } from "./draft.ts";
import { addErrback, addLink } from "./link.ts";
import { merge, type Partial, setImmutable } from "./merge.ts";
import type { CanvasCall } from "./plan.ts";

/**
 * With arguments in front of its own, and more keywords and options; an immutable signature takes options only. Celery
 * loses the arguments of a canvas: here the tasks that run first get them, as when the canvas is sent with them.
 */
export function cloneSignature(signature: Signature, { options, ...partial }: CanvasCall): Signature {
  const draft = fill(cloneDraft(toDraft(signature)), partial);
  return toSignature(options === undefined ? draft : merge(draft, { options: toDraftOptions(options) }));
}

function fill(draft: Draft, partial: Partial): Draft {
  if (draft.kind === "task") return merge(draft, partial);
  if (draft.immutable) return draft;
  const isFirst = (at: number): boolean => draft.kind !== "chain" || at === 0;
  return { ...draft, tasks: draft.tasks.map((task, at) => (isFirst(at) ? fill(task, partial) : task)) };
}

/** With these options, by Celery's names, over its own. */
export function withOptions(signature: Signature, options: PlainObject): Signature {
  const draft = toDraft(signature);
  for (const [name, value] of Object.entries(toDraftOptions(options))) setOwn(draft.options, name, value);
  return toSignature(draft);
}

/**
 * Taking results of what runs before it, or not: of a group its members, of a chord those of its header. Celery forgets what
 * it says of a chain when that becomes part of a canvas, so the first step says it too.
 */
export function withImmutable(signature: Signature, immutable: boolean): Signature {
  const draft = toDraft(signature);
  setImmutable(draft, immutable);
  for (const first of firstSteps(draft)) setImmutable(first, immutable);
  return toSignature(draft);
}

function firstSteps(draft: Draft): readonly Draft[] {
  if (draft.kind === "task") return [draft];
  return (draft.kind === "chain" ? draft.tasks.slice(0, 1) : draft.tasks).flatMap(firstSteps);
}

/** With a signature that is called with its result. */
export function withLink(signature: Signature, callback: Signature): Signature {
  const draft = toDraft(signature);
  addLink(draft, toDraft(callback, "link"));
  return toSignature(draft);
}

/** With a signature that is called when it fails; `onHeaders` is Celery's task_allow_error_cb_on_chord_header. */
export function withErrback(signature: Signature, errback: Signature, onHeaders: boolean): Signature {
  const draft = toDraft(signature);
  addErrback(draft, toDraft(errback, "link_error"), onHeaders);
  return toSignature(draft);
}

/** One task that runs `called` for each item, one after the other: with the item, or with the items of the item. */
export function mapSignature(
  name: "celery.map" | "celery.starmap",
  called: Signature,
  items: readonly unknown[],
): Signature {
  return { ...BARE, task: name, kwargs: { task: { ...called }, it: [...items] } };
}

/** A group of such tasks with at most `size` items each. */
export function chunksSignature(
  called: Signature,
  items: readonly (readonly unknown[])[],
  size: number,
): Signature {
  return { ...BARE, task: "celery.chunks", kwargs: { task: { ...called }, it: [...items], n: size } };
}

const BARE = { args: [], options: {}, subtask_type: null, immutable: true } as const;

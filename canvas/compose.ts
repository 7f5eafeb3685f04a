/** What `left | right` is: Celery's rules of composition. Source: celery/canvas.py `__or__` of each class. */

import type { Signature } from "../protocol/index.ts";
import { stepsOf } from "./chain-steps.ts";
import { cloneDraft, createDraft, type Draft, toDraft, toSignature } from "./draft.ts";
import { isEmptyGroup, unrollGroup } from "./merge.ts";

/** One after the other, each with the result of the one before: `a | b | c` of Celery. */
export function chain(...steps: readonly Signature[]): Signature {
  const drafts = steps.map((step) => toDraft(step));
  const isAlone = drafts.length === 1;
  return toSignature(isAlone ? createDraft("chain", drafts) : drafts.reduce(join, createDraft("chain", [])));
}

/** All at once; the result is theirs, in this order. */
export function group(members: readonly Signature[]): Signature {
  return toSignature(
    createDraft(
      "group",
      members.map((member) => toDraft(member)),
    ),
  );
}

/** All at once, and then the body with their results. */
export function chord(header: readonly Signature[], body: Signature): Signature {
  return toSignature(
    createDraft(
      "chord",
      header.map((member) => toDraft(member)),
      toDraft(body),
    ),
  );
}

/** `left | right` of Celery. */
export function pipe(left: Signature, right: Signature): Signature {
  return toSignature(join(toDraft(left), toDraft(right)));
}

/** `left | right` of drafts; neither is changed. */
export function join(left: Draft, right: Draft): Draft {
  switch (left.kind) {
    case "chain":
      return joinChain(left, right);
    case "group":
      return isEmptyGroup(right) ? left : createDraft("chord", left.tasks, right);
    case "chord":
      return joinChord(left, right);
    default:
      return joinTask(left, right);
  }
}

function joinTask(left: Draft, right: Draft): Draft {
  if (right.kind === "chain") return createDraft("chain", [left, ...stepsOf(right)]);
  return createDraft("chain", [left, unrollGroup(right)]);
}

function joinChord(left: Draft, right: Draft): Draft {
  const next = unrollGroup(right);
  const joinsBody = right.kind === "group" ? next !== right : right.kind !== "chain";
  if (!joinsBody || left.body === undefined) return joinTask(left, right);
  const own = cloneDraft(left);
  if (own.body !== undefined) own.body = join(own.body, next);
  return own;
}

function joinChain(left: Draft, right: Draft): Draft {
  if (isEmptyGroup(right)) return left;
  if (right.kind === "chain") return stepsOf(right).reduce(join, left);
  const next = unrollGroup(right);
  if (next.kind !== "group" && next !== right) return join(left, next);
  const last = left.tasks.at(-1);
  if (next.kind === "group") {
    const steps = stepsOf(left);
    const end = steps.at(-1);
    if (end === undefined) return next;
    if (end.kind !== "chord" || end.body === undefined) return createDraft("chain", [...steps, next]);
    end.body = join(end.body, next);
    return createDraft("chain", steps);
  }
  if (last?.kind === "group") return withChord(left, last, next);
  if (last?.kind === "chord" && next.kind !== "chord") {
    const own = cloneDraft(left);
    const end = own.tasks.at(-1);
    if (end?.body !== undefined) end.body = join(end.body, next);
    return own;
  }
  return createDraft("chain", [...sharedSteps(left), next]);
}

/** A chain that grows step by step need not be copied each time: nothing here changes a step in place. */
function sharedSteps(chain: Draft): readonly Draft[] {
  const { link, link_error } = chain.options;
  return link === undefined && link_error === undefined ? chain.tasks : stepsOf(chain);
}

/** A group that gets a step behind it is the header of a chord; two chords in a row are one in the other's body. */
function withChord(left: Draft, group: Draft, body: Draft): Draft {
  const own = cloneDraft(left);
  const chord = createDraft("chord", cloneDraft(group).tasks, body);
  const before = own.tasks.at(-2);
  if (before?.kind === "chord" && before.body !== undefined) {
    before.body = join(before.body, chord);
    own.tasks.pop();
  } else own.tasks[own.tasks.length - 1] = chord;
  return own;
}

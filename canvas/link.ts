/** Links go where they do their work: those of a group to its members, those of a chord to its body. */
import { cloneDraft, type Draft, links } from "./draft.ts";
import { setImmutable } from "./merge.ts";

/** Called with the result. Source: celery/canvas.py `link` of each class. */
export function addLink(draft: Draft, callback: Draft): void {
  if (draft.kind === "group" && draft.tasks[0] !== undefined) {
    // One member cannot speak for the others, so the callback gets no result.
    const own = cloneDraft(callback);
    setImmutable(own, true);
    addLink(draft.tasks[0], own);
  } else if (draft.kind === "chord" && draft.body !== undefined) addLink(draft.body, callback);
  else append(draft, "link", callback);
}

/** Called when it fails. Source: celery/canvas.py `link_error` of each class. */
export function addErrback(draft: Draft, errback: Draft, onHeaders: boolean): void {
  if (draft.kind === "group") {
    for (const member of draft.tasks) addErrback(member, cloneDraft(errback), onHeaders);
  } else if (draft.kind === "chord") {
    for (const member of draft.tasks) {
      if (onHeaders) addErrback(member, { ...cloneDraft(errback), immutable: true }, onHeaders);
      if (member.kind === "chord") addErrback(member, errback, onHeaders);
    }
    if (draft.body !== undefined) addErrback(draft.body, errback, onHeaders);
  } else append(draft, "link_error", errback);
}

/** Adds to a list in the options; what is there already is not added twice. */
export function append(draft: Draft, name: "link" | "link_error", added: Draft): void {
  const list = links(draft, name);
  const text = JSON.stringify(added);
  if (list.some((one) => one === added || JSON.stringify(one) === text)) draft.options[name] = list;
  else draft.options[name] = [...list, added];
}

/**
 * The body of a chord with the chord's own links. A failed header calls the errbacks that the body has, so they go there
 * whatever it is. Source: celery/canvas.py `_chord._add_body_callbacks`.
 */
export function withBodyLinks(body: Draft, callbacks: readonly Draft[], errbacks: readonly Draft[]): Draft {
  if (callbacks.length === 0 && errbacks.length === 0) return body;
  const own = cloneDraft(body);
  for (const callback of callbacks) {
    if (own.kind === "group" && own.tasks.length === 0) append(own, "link", callback);
    else addLink(own, cloneDraft(callback));
  }
  for (const errback of errbacks) {
    if (own.kind === "group") linkMembers(own, errback, true);
    else append(own, "link_error", errback);
  }
  return own;
}

/** A group that runs as one and has errbacks of its own would replace those of its members: they go together there. */
function linkMembers(draft: Draft, errback: Draft, runsAsGroup: boolean): void {
  if (draft.kind === "group") {
    if (runsAsGroup && draft.options["link_error"] !== undefined)
      append(draft, "link_error", cloneDraft(errback));
    else for (const member of draft.tasks) linkMembers(member, errback, false);
  } else if (draft.kind === "chord") {
    if (draft.body !== undefined) linkMembers(draft.body, errback, true);
  } else addErrback(draft, cloneDraft(errback), false);
}

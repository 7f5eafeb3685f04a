/** Waits until a workflow has ended, or cannot go on. */
import { setMaxListeners } from "node:events";
import type { App } from "../../app/index.ts";
import {
  isPropagated,
  type ResultDocument,
  type ResultNode,
  WaitTimeoutError,
} from "../../protocol/index.ts";

export interface EndWait {
  readonly timeoutMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** Resolves when all last tasks have ended or have a failure before them; or when the time is over or the wait is ended. */
export async function waitForEnd(app: App, last: ResultNode, { timeoutMs, signal }: EndWait): Promise<void> {
  const backend = await app.backend();
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  setMaxListeners(0, ended);
  const waits = new Map<string, Promise<ResultDocument>>();
  const wait = (id: string): Promise<ResultDocument> => {
    const begun = waits.get(id) ?? backend.wait(id, { timeoutMs, signal: ended });
    waits.set(id, begun);
    return begun;
  };
  const end = async (result: ResultNode, failed: Promise<unknown>): Promise<unknown> => {
    const failedBefore = Promise.race([failed, ...tasksBefore(result).map((id) => failureOf(wait(id)))]);
    if (result.children === undefined) return Promise.race([failedBefore, wait(result.id)]);
    return Promise.all(result.children.map((child) => end(child, failedBefore)));
  };
  try {
    await end(last, new Promise(() => undefined));
  } catch (error) {
    if (!signal.aborted && !(error instanceof WaitTimeoutError)) throw error;
  } finally {
    for (const begun of waits.values()) begun.catch(() => undefined);
    stop.abort();
  }
}

/** Tasks of the steps before a result. */
function tasksBefore({ parent }: ResultNode): string[] {
  const ids: string[] = [];
  const open = parent === undefined ? [] : [parent];
  // Grows while it is read.
  for (const step of open) {
    if (step.children === undefined) ids.push(step.id);
    else for (const child of step.children) open.push(child);
    if (step.parent !== undefined) open.push(step.parent);
  }
  return ids;
}

/** Resolves when the task fails; a success is no news. */
async function failureOf(wait: Promise<ResultDocument>): Promise<unknown> {
  // One that cannot be waited for is no reason to give up.
  const document = await wait.catch(() => undefined);
  if (document !== undefined && isPropagated(document.status)) return document;
  return new Promise(() => undefined);
}

/** Waiting for the end of a chain: a failure of an earlier step is the end, too. */
import { setMaxListeners } from "node:events";
import type { ResultBackend, WaitOptions } from "../../backends/index.ts";
import { isPropagated, type ResultDocument } from "../../protocol/index.ts";
import { documentOrUndefined } from "./found.ts";

/**
 * Resolves with the task's final document or, when it or one of its `parents` failed, with that of the first that did.
 * Celery stores a FAILURE for all steps that a failed one leaves out, but nothing for those behind a revoked one.
 */
export async function waitWithParents(
  backend: ResultBackend,
  taskId: string,
  parents: readonly string[],
  options: WaitOptions,
): Promise<ResultDocument> {
  if (parents.length === 0) return backend.wait(taskId, options);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const { signal = stop.signal } = options;
  const own = backend.wait(taskId, { ...options, signal: AbortSignal.any([signal, stop.signal]) });
  const failed = new Promise<ResultDocument>((resolve) => {
    for (const parent of parents) {
      // A parent that cannot be heard of is no reason to give up.
      backend.wait(parent, { signal: stop.signal }).then(
        (document) => isPropagated(document.status) && resolve(document),
        () => undefined,
      );
    }
  });
  try {
    const first = await Promise.race([own, failed]);
    if (!isPropagated(first.status)) return first;
    const stored = (await backend.getMany(parents)).map(documentOrUndefined);
    return stored.find((document) => document !== undefined && isPropagated(document.status)) ?? first;
  } finally {
    own.catch(() => undefined);
    stop.abort();
  }
}

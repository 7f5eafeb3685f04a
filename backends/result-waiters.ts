/** Those who wait for results in this process: one registry per backend, fed by whatever way the backend learns of changes. */
import { CelerityError, isReady, type ResultDocument, WaitTimeoutError } from "../protocol/index.ts";
import type { WaitOptions } from "./result-backend.ts";

export interface ResultWaiters {
  /** Ids that somebody waits for. */
  readonly ids: ReadonlyMap<string, unknown>;
  /** Resolves with the first ready document announced for the id. Rejects on time-out, abort and close. */
  wait(taskId: string, options: WaitOptions): Promise<ResultDocument>;
  /** Passes a document on to those who wait for it. */
  announce(document: ResultDocument): void;
  /** Rejects a task's waiters: its result cannot be read. */
  fail(taskId: string, error: Error): void;
  /** Rejects everybody with `closed`. Twice is fine. */
  close(): void;
}

export interface ResultWaitersOptions {
  /** The first waiter of an id came: start to listen. */
  readonly onFirst?: (taskId: string, options: WaitOptions) => void;
  /** The last waiter of an id left: stop listening. */
  readonly onLast?: (taskId: string) => void;
}

interface Waiter {
  readonly see: (document: ResultDocument) => void;
  readonly reject: (error: unknown) => void;
}

export function createResultWaiters({ onFirst, onLast }: ResultWaitersOptions = {}): ResultWaiters {
  const waiters = new Map<string, Set<Waiter>>();

  const leave = (taskId: string, waiter: Waiter): void => {
    const all = waiters.get(taskId);
    if (all?.delete(waiter) !== true || all.size > 0) return;
    waiters.delete(taskId);
    onLast?.(taskId);
  };

  const join = (taskId: string, waiter: Waiter, options: WaitOptions): void => {
    const all = waiters.get(taskId);
    if (all !== undefined) {
      all.add(waiter);
      return;
    }
    waiters.set(taskId, new Set([waiter]));
    onFirst?.(taskId, options);
  };

  const rejectAll = (taskId: string, error: Error): void => {
    for (const waiter of [...(waiters.get(taskId) ?? [])]) waiter.reject(error);
  };

  return {
    ids: waiters,
    wait: (taskId, options) =>
      new Promise((resolve, reject) => {
        const { timeoutMs, signal, onChange } = options;
        let timer: NodeJS.Timeout | undefined;
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", abort);
          leave(taskId, waiter);
        };
        const waiter: Waiter = {
          see: (document) => {
            onChange?.(document);
            if (!isReady(document.status)) return;
            finish();
            resolve(document);
          },
          reject: (error) => {
            finish();
            reject(error);
          },
        };
        const abort = (): void => waiter.reject(signal?.reason);
        if (signal?.aborted === true) return reject(signal.reason);
        signal?.addEventListener("abort", abort, { once: true });
        if (timeoutMs !== undefined) {
          const late = (): void =>
            waiter.reject(
              new WaitTimeoutError(`Task ${taskId} did not end within ${timeoutMs} ms; it goes on.`),
            );
          timer = setTimeout(late, timeoutMs);
        }
        join(taskId, waiter, options);
        return undefined;
      }),
    announce(document) {
      for (const waiter of [...(waiters.get(document.task_id) ?? [])]) waiter.see(document);
    },
    fail: rejectAll,
    close() {
      const error = new CelerityError("closed", "The result backend was closed during the wait.");
      for (const taskId of [...waiters.keys()]) rejectAll(taskId, error);
    },
  };
}

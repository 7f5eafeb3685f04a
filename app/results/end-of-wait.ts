/** One end for the waits of many: by time, by the caller's signal, or because the caller has what it wants. */
import { setMaxListeners } from "node:events";
import { WaitTimeoutError } from "../../protocol/index.ts";

export interface WaitForMembers {
  /** For all members together; undefined waits for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface EndOfWait {
  /** Aborted with WaitTimeoutError, or with the reason of the caller's signal. */
  readonly signal: AbortSignal;
  /** Ends all waits that are left. Twice is fine. */
  end(): void;
}

/** `late` words the error of a time that has passed. */
export function endOfWait(
  { timeoutMs, signal }: WaitForMembers,
  late: (timeoutMs: number) => string,
): EndOfWait {
  const controller = new AbortController();
  // One listener for each member is no leak.
  setMaxListeners(0, controller.signal);
  const pass = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) pass();
  signal?.addEventListener("abort", pass, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => controller.abort(new WaitTimeoutError(late(timeoutMs))), timeoutMs);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", pass);
      controller.abort();
    },
  };
}

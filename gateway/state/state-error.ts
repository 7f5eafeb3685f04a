/** The gateway's own store failed: a case of its own among the stores, since a caller is told something else. */
import { BackendError, toError } from "../../protocol/index.ts";

export class StateError extends BackendError {
  constructor(message: string, cause?: unknown) {
    super("backend_unavailable", message, cause === undefined ? {} : { cause });
  }
}

/** Runs work on a place; whatever it throws becomes a StateError. */
export async function withStateErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStateError(error);
  }
}

export function toStateError(error: unknown): StateError {
  if (error instanceof StateError) return error;
  const { message } = toError(error);
  return new StateError(`The state of the gateway cannot be reached: ${message}`, error);
}

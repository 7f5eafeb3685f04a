/** Pictures of a cluster's state at regular intervals, to be kept elsewhere. Source: celery/events/snapshot.py of 5.7. */
import { ConfigurationError } from "../../protocol/index.ts";
import type { ClusterSnapshot, ClusterState } from "./cluster-state.ts";

export interface SnapshotOptions {
  readonly state: ClusterState;
  /** Between two pictures. */
  readonly everySeconds: number;
  /** While it works on one picture, no other is taken. */
  readonly onSnapshot: (snapshot: ClusterSnapshot) => Promise<void> | void;
  /** Forget after each picture what is in it, but for tasks that have not ended; default false. */
  readonly clearAfter?: boolean;
  /** Told what onSnapshot throws. */
  readonly onError: (error: unknown) => void;
}

/** Longest interval that a timer of Node has, in seconds. */
const MAX_SECONDS = 2_147_483;

/** Takes pictures until the returned function is called, which takes a last one. Throws ConfigurationError. */
export function takeSnapshots(options: SnapshotOptions): () => Promise<void> {
  const { state, everySeconds, onSnapshot, clearAfter = false, onError } = options;
  if (!(everySeconds > 0 && everySeconds <= MAX_SECONDS)) {
    throw new ConfigurationError(
      `everySeconds must be above 0 and at most ${MAX_SECONDS}; it is ${everySeconds}.`,
    );
  }
  let working: Promise<void> | undefined;
  const take = async (): Promise<void> => {
    const snapshot = state.snapshot();
    if (clearAfter) state.clear();
    try {
      await onSnapshot(snapshot);
    } catch (error) {
      onError(error);
    }
  };
  const takeNext = (): void => {
    working ??= take().finally(() => {
      working = undefined;
    });
  };
  const timer = setInterval(takeNext, everySeconds * 1000);
  let ending: Promise<void> | undefined;
  return () => {
    clearInterval(timer);
    ending ??= Promise.resolve(working).then(take);
    return ending;
  };
}

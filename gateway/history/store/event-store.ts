/** Where the histories of tasks lie: beside the task index. */
import type { HistoryEvent } from "../event.ts";

/** The seam. Several gateways may share one; all of them hear the same events. Errors are BackendError `backend_unavailable`. */
export interface EventStore {
  /** Opens what it needs. Rejects when it cannot. Twice is fine. */
  open(): Promise<void>;
  /**
   * Keeps events, each once: whoever is first to add one of a worker hears that it was news. Resolves with those that were, in
   * their order; what a gateway did, it alone tells. An event is known by its task, type, time and source.
   */
  add(events: readonly HistoryEvent[]): Promise<readonly HistoryEvent[]>;
  /** Of one task, the earliest first; [] for one that is not known. At most MAX_EVENTS. */
  read(taskId: string): Promise<readonly HistoryEvent[]>;
  /** When the first event of each task happened, in milliseconds since 1970; tasks that are not known are left out. */
  firstTimes(taskIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Removes some of what is too old or too much; resolves with whether there may be more. */
  prune(): Promise<boolean>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** How much a store keeps. */
export interface EventRetention {
  readonly keepMs: number;
  /** About; the oldest go first. */
  readonly maxTasks: number;
}

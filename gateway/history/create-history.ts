/** Makes the history of a gateway from its options. Opens nothing. */
import type { StateOptions } from "../state/open-state.ts";
import type { StateStore } from "../state/state-store.ts";
import type { TaskFeed } from "../task-feed.ts";
import type { TaskIndex } from "../task-index.ts";
import type { Tracker } from "../tracker.ts";
import { History } from "./history.ts";
import { ObservedTasks } from "./observed-tasks.ts";
import { type HistoryOptions, historySettings } from "./options.ts";
import { createEventStore } from "./store/open-events.ts";

export interface HistoryNeeds {
  readonly options: HistoryOptions | undefined;
  /** Where the gateway's state lies. */
  readonly place: StateOptions;
  readonly state: StateStore;
  readonly index: TaskIndex;
  readonly tracker: Tracker;
  readonly taskFeed: TaskFeed;
}

/** undefined when none is kept. Throws ConfigurationError. */
export function createHistory(needs: HistoryNeeds): History | undefined {
  const { options, place, state, index, tracker, taskFeed } = needs;
  const { onWarning } = place;
  const settings = historySettings(options);
  if (settings === undefined) return undefined;
  return new History({
    settings,
    events: createEventStore(place, settings),
    records: state.records,
    observed: settings.observed ? new ObservedTasks({ index, tracker, taskFeed, onWarning }) : undefined,
    onWarning,
  });
}

/** Histories by URL: they lie where the gateway's state does. */
import { readStateUrl, type StateOptions } from "../../state/open-state.ts";
import { DEFAULT_HISTORY_TASKS, DEFAULT_MEMORY_TASKS, type HistorySettings } from "../options.ts";
import type { EventStore } from "./event-store.ts";
import { createMemoryEvents } from "./memory-events.ts";
import { createRedisEvents } from "./redis-events.ts";
import { createSqlEvents } from "./sql-events.ts";

/** Connects on first use, or by open(). Throws ConfigurationError for a URL that is not known. */
export function createEventStore(
  { url, transportOptions = {}, onWarning }: StateOptions,
  { keepMs, maxTasks }: HistorySettings,
): EventStore {
  if (url === undefined) return createMemoryEvents({ keepMs, maxTasks: maxTasks ?? DEFAULT_MEMORY_TASKS });
  const retention = { keepMs, maxTasks: maxTasks ?? DEFAULT_HISTORY_TASKS };
  const place = readStateUrl(url);
  return place.kind === "redis"
    ? createRedisEvents({ url: place.url, transportOptions, onWarning, ...retention })
    : createSqlEvents({ url: place.url, ...retention });
}

/** Task indexes by URL: they lie where the gateway's state does. */
import { createRedisTaskIndex } from "./redis-task-index.ts";
import { createSqlTaskIndex } from "./sql-task-index.ts";
import { readStateUrl, type StateOptions } from "./state/open-state.ts";
import { createMemoryTaskIndex, type TaskIndex } from "./task-index.ts";

/** Connects on first use, or by open(). Throws ConfigurationError for a URL that is not known. */
export function createTaskIndex({ url, transportOptions = {}, onWarning }: StateOptions): TaskIndex {
  if (url === undefined) return createMemoryTaskIndex();
  const place = readStateUrl(url);
  return place.kind === "redis"
    ? createRedisTaskIndex({ url: place.url, transportOptions, onWarning })
    : createSqlTaskIndex({ url: place.url, onWarning });
}

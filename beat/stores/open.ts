/** Stores of schedules by URL or file. */
import { sqlUrl } from "../seats/open.ts";
import { createDatabaseScheduleStore } from "./database/store.ts";
import { createFileScheduleStore } from "./file.ts";
import type { ScheduleStore } from "./schedule-store.ts";

export interface OpenScheduleStoreOptions {
  /** A SQL URL in any of Celery's spellings, or the path of a JSON file. */
  readonly place: string;
  /** Of crontabs that name no zone. */
  readonly timezone?: string;
  readonly onWarning?: (message: string, error?: unknown) => void;
}

/** Opens nothing before it is asked for something. */
export function openScheduleStore({ place, ...options }: OpenScheduleStoreOptions): ScheduleStore {
  if (!/^[a-z0-9+_]+:\/\//i.test(place)) return createFileScheduleStore({ path: place, ...options });
  return createDatabaseScheduleStore({ url: sqlUrl(place), ...options });
}

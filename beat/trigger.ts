/** Runs a schedule now, be it due, paused or neither; its next run stays as it was. */
import type { App, AsyncResult } from "../app/index.ts";
import { toBeatEntry } from "./entry-source.ts";
import { sendOptions } from "./fire.ts";
import type { ScheduleStore } from "./stores/schedule-store.ts";

/** Sends its task as beat would, with a new id; undefined when there is no such schedule. Rejects when it cannot be sent. */
export async function triggerSchedule(
  app: App,
  store: ScheduleStore,
  name: string,
): Promise<AsyncResult | undefined> {
  const schedule = await store.get(name);
  if (schedule === undefined) return undefined;
  const entry = toBeatEntry(schedule, app.settings.timezone ?? "UTC");
  // The end of the schedule is no end of a run that somebody asks for.
  const { expires, ...options } = entry.options;
  const kept = typeof expires === "number" ? { ...options, expires } : options;
  return app.sendTask(entry.task, await sendOptions({ ...entry, options: kept }));
}

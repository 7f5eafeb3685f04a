/** Runs an entry now, be it due, paused or neither; its next run stays as it was. */
import type { App, AsyncResult } from "../app/index.ts";
import type { BeatEntry } from "./entry.ts";
import { sendOptions } from "./fire.ts";

/** Sends its task as beat would, with a new id. Rejects when it cannot be sent. */
export async function trigger(app: App, entry: BeatEntry): Promise<AsyncResult> {
  // The end of the schedule is no end of a run that somebody asks for.
  const { expires, ...options } = entry.options;
  const kept = typeof expires === "number" ? { ...options, expires } : options;
  return app.sendTask(entry.task, await sendOptions({ ...entry, options: kept }));
}

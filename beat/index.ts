/**
 * Periodic tasks: schedules, the beat that sends them, and the stores that keep them.
 *
 * A program that shows and changes schedules, as the gateway does, calls `openSchedules(app)` ({@link Schedules}): it lists, puts,
 * removes, pauses, resumes and triggers them and tells their next times, in the place that a beat of the same app reads. Wrong
 * definitions are {@link ScheduleError}s, which name the field; {@link scheduleDefinition} and {@link nextDueTimes} try one out
 * before it is kept. A running beat obeys within 5 s.
 */
export { Beat, createBeat } from "./beat.ts";
export type { BeatLogger, BeatOptions } from "./beat-options.ts";
export type { Clock } from "./clock.ts";
export { type DueTimesOptions, nextDueTimes } from "./due-times.ts";
export type { EntryState } from "./entry.ts";
export { fireId } from "./fire-id.ts";
export { createSchedules, openSchedules, type ScheduleEntry, type Schedules } from "./manage.ts";
export * from "./schedules/index.ts";
export type { Seat, Term } from "./seat.ts";
export { createFileSeat } from "./seats/file.ts";
export { openSeat, sqlUrl, stateFile } from "./seats/open.ts";
export { type NewSchedule, scheduleDefinition } from "./stores/check-definition.ts";
export { createDatabaseScheduleStore } from "./stores/database/store.ts";
export { createFileScheduleStore } from "./stores/file.ts";
export {
  type AppScheduleOptions,
  openAppScheduleStore,
  openScheduleStore,
  scheduleDatabase,
} from "./stores/open.ts";
export { ScheduleError } from "./stores/schedule-error.ts";
export type {
  PastRuns,
  RecordedRuns,
  ScheduleDefinition,
  ScheduleOptions,
  ScheduleStore,
  StoredSchedule,
} from "./stores/schedule-store.ts";

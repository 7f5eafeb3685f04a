/** Periodic tasks: schedules, the beat that sends them, and the stores that keep them. */
export { Beat, createBeat } from "./beat.ts";
export type { BeatLogger, BeatOptions } from "./beat-options.ts";
export type { Clock } from "./clock.ts";
export type { EntryState } from "./entry.ts";
export { fireId } from "./fire-id.ts";
export * from "./schedules/index.ts";
export type { Seat, Term } from "./seat.ts";
export { createFileSeat } from "./seats/file.ts";
export { openSeat, sqlUrl, stateFile } from "./seats/open.ts";
export { type NewSchedule, scheduleDefinition } from "./stores/check-definition.ts";
export { createDatabaseScheduleStore } from "./stores/database/store.ts";
export { createFileScheduleStore } from "./stores/file.ts";
export { openScheduleStore } from "./stores/open.ts";
export type {
  RecordedRuns,
  ScheduleDefinition,
  ScheduleOptions,
  ScheduleStore,
  StoredSchedule,
} from "./stores/schedule-store.ts";
export { triggerSchedule } from "./trigger.ts";

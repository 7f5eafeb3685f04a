/** When entries of beat are due: Celery's schedules. */
export { clocked } from "./clocked.ts";
export { type CrontabOptions, crontab, crontabFromString } from "./crontab.ts";
export { type IntervalOptions, schedule } from "./interval.ts";
export { type ParseScheduleOptions, parseSchedule, type ScheduleInput } from "./parse.ts";
export {
  type ClockedSpec,
  type CrontabField,
  type CrontabSpec,
  type Due,
  type IntervalSpec,
  type Schedule,
  type ScheduleSpec,
  SOLAR_EVENTS,
  type SolarEvent,
  type SolarSpec,
} from "./schedule.ts";
export { solar } from "./solar.ts";

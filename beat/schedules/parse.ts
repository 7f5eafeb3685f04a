/** Schedules from settings, files and REST. */
import { ConfigurationError } from "../../protocol/errors.ts";
import { ClockedSchedule } from "./clocked.ts";
import { CrontabSchedule, splitCrontab } from "./crontab.ts";
import { IntervalSchedule } from "./interval.ts";
import type {
  ClockedSpec,
  CrontabSpec,
  IntervalSpec,
  Schedule,
  ScheduleSpec,
  SolarSpec,
} from "./schedule.ts";
import { SolarSchedule } from "./solar.ts";

/** What may stand for a schedule: seconds, the five fields of a crontab, a schedule, or one as data. */
export type ScheduleInput = number | string | Schedule | ScheduleSpec | Partial<CrontabSpec>;

/** What a schedule takes from its app. */
export interface ParseScheduleOptions {
  /** IANA name: where crontabs without a zone of their own, and relative intervals, have their clocks. Default: UTC. */
  readonly timezone?: string;
}

/** The fields of each type, and how their values are written. */
const FIELDS = {
  interval: { seconds: "number", relative: "boolean" },
  crontab: {
    minute: "field",
    hour: "field",
    dayOfWeek: "field",
    dayOfMonth: "field",
    monthOfYear: "field",
    timezone: "string",
  },
  solar: { event: "string", latitude: "number", longitude: "number" },
  clocked: { time: "string" },
} as const;

type SpecType = keyof typeof FIELDS;

/**
 * The schedule that `input` stands for: seconds, `0 4 * * *`, a ScheduleSpec (a crontab may leave out fields), or a schedule.
 * Those of this package take on the time zone given. Throws ConfigurationError, and CelerityError `missing_package`.
 */
export function parseSchedule(input: unknown, options: ParseScheduleOptions = {}): Schedule {
  const timezone = options.timezone ?? "UTC";
  if (typeof input === "number") return new IntervalSchedule(input, false, timezone);
  if (typeof input === "string") return new CrontabSchedule(splitCrontab(input), timezone);
  if (input instanceof CrontabSchedule || input instanceof IntervalSchedule) {
    return fromSpec(input.toJSON(), timezone);
  }
  if (isSchedule(input)) return input;
  return fromSpec(requireSpec(input), timezone);
}

function fromSpec(spec: ScheduleSpec, timezone: string): Schedule {
  switch (spec.type) {
    case "interval":
      return new IntervalSchedule(spec.seconds, spec.relative ?? false, timezone);
    case "crontab":
      return new CrontabSchedule(spec, timezone);
    case "solar":
      return new SolarSchedule(spec.event, spec.latitude, spec.longitude);
    case "clocked":
      return new ClockedSchedule(spec.time);
  }
}

function isSchedule(input: unknown): input is Schedule {
  const schedule = input as Partial<Schedule> | null;
  return typeof schedule?.isDue === "function" && typeof schedule.nextAfter === "function";
}

/** Values out of range are left to the schedules. */
function requireSpec(input: unknown): ScheduleSpec {
  if (typeof input !== "object" || input === null || !("type" in input) || !isType(input.type)) {
    throw new ConfigurationError(
      `A schedule must be seconds, a crontab's text, or an object with a type: ${Object.keys(FIELDS).join(", ")}.`,
    );
  }
  const { type, ...values } = input;
  const fields: Readonly<Record<string, string>> = FIELDS[type];
  for (const [name, value] of Object.entries(values)) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind === undefined) {
      const known = Object.keys(fields).join(", ");
      throw new ConfigurationError(
        `The schedule of type ${type} has a field ${JSON.stringify(name)}. Use ${known}.`,
      );
    }
    const isRight = kind === "field" ? isCrontabField(value) : typeof value === kind;
    if (!isRight) {
      const wanted = kind === "field" ? "text, a number or a list of numbers" : kind;
      throw new ConfigurationError(`The ${name} of a schedule of type ${type} must be: ${wanted}.`);
    }
  }
  // What is missing, the schedules refuse; their fields were looked at one by one.
  return input as IntervalSpec | CrontabSpec | SolarSpec | ClockedSpec;
}

function isType(type: unknown): type is SpecType {
  return typeof type === "string" && Object.hasOwn(FIELDS, type);
}

function isCrontabField(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || Array.isArray(value);
}

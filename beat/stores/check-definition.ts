/** Checks what people and programs write into a store of schedules. */
import { CATCH_UP } from "../../app/index.ts";
import { ConfigurationError, isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { parseSchedule, type ScheduleInput, type ScheduleSpec } from "../schedules/index.ts";
import { type Check, flag, list, object, oneOf, text, time, whole } from "./field-checks.ts";
import { ScheduleError } from "./schedule-error.ts";
import type { ScheduleDefinition, ScheduleOptions } from "./schedule-store.ts";

/** Characters of names, as django-celery-beat's columns have them. */
const MAX_NAME = 200;
const MAX_DESCRIPTION = 10_000;

/** What may be left out of a new definition, and how its schedule may be written. */
export type NewSchedule = Pick<ScheduleDefinition, "name" | "task"> &
  Partial<Omit<ScheduleDefinition, "schedule">> & { readonly schedule: ScheduleInput };

const checkText = text(1, MAX_NAME);

const OPTIONS: Readonly<Record<keyof ScheduleOptions, Check>> = {
  queue: text(0, MAX_NAME),
  exchange: text(0, MAX_NAME),
  routingKey: text(0, MAX_NAME),
  priority: whole(255),
  expires: whole(2 ** 31 - 1),
  headers: object,
};

const REQUIRED: readonly string[] = ["name", "task", "schedule"];
const FIELDS: Readonly<Record<keyof ScheduleDefinition, Check>> = {
  name: checkText,
  task: checkText,
  // It is read later.
  schedule: () => undefined,
  args: list,
  kwargs: object,
  options: (value, field) => {
    if (!isPlainObject(value)) throw new ScheduleError(field, "must be an object");
    checkFields(value, OPTIONS, `${field}.`);
  },
  catchUp: oneOf(CATCH_UP),
  enabled: flag,
  oneOff: flag,
  startAtMs: time,
  expiresAtMs: time,
  description: text(0, MAX_DESCRIPTION),
};

/** What a store adds to a definition: it may stand in one that is changed and written again, and does not count. */
const FACTS: ReadonlySet<string> = new Set(["lastRunAtMs", "totalRunCount", "changedAtMs", "origin"]);

/**
 * The definition with its defaults, its schedule written out; fields that are undefined are left out. Takes whatever a stranger
 * may send. Throws ScheduleError, and CelerityError `missing_package` where solar schedules cannot be reckoned.
 */
export function scheduleDefinition(given: NewSchedule | PlainObject): ScheduleDefinition {
  if (!isPlainObject(given)) throw new ScheduleError("", "there must be an object with its fields");
  const fields: PlainObject = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== undefined && !FACTS.has(name)),
  );
  const missing = REQUIRED.find((name) => !Object.hasOwn(fields, name));
  if (missing !== undefined) throw new ScheduleError(missing, "is missing");
  checkFields(fields, FIELDS, "");
  const schedule = readSchedule(fields["schedule"]);
  // Its fields were looked at one by one.
  const definition = {
    args: [],
    kwargs: {},
    options: {},
    catchUp: "one",
    enabled: true,
    oneOff: schedule.type === "clocked",
    description: "",
    ...fields,
    schedule,
  } as unknown as ScheduleDefinition;
  if (schedule.type === "clocked" && !definition.oneOff)
    throw new ScheduleError("oneOff", "must be true: a clocked schedule runs once");
  if (definition.options.expires !== undefined && definition.expiresAtMs !== undefined)
    throw new ScheduleError("expiresAtMs", "and options.expires exclude each other");
  return definition;
}

/** Throws ScheduleError. */
export function checkName(name: unknown): void {
  checkText(name, "name");
}

function checkFields(given: PlainObject, checks: Readonly<Record<string, Check>>, prefix: string): void {
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      const known = Object.keys(checks).join(", ");
      throw new ScheduleError(`${prefix}${name.slice(0, MAX_NAME)}`, `is unknown; there are ${known}`);
    }
    if (value !== undefined) check(value, `${prefix}${name}`);
  }
}

function readSchedule(given: unknown): ScheduleSpec {
  try {
    return inWords(parseSchedule(given).toJSON());
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ScheduleError("schedule", `is wrong: ${error.message.replace(/\.$/, "")}`, { cause: error });
  }
}

/** A crontab with its fields as text, which is how all stores give it back. */
function inWords(spec: ScheduleSpec): ScheduleSpec {
  if (spec.type !== "crontab") return spec;
  const { type, minute, hour, dayOfWeek, dayOfMonth, monthOfYear, ...zone } = spec;
  return {
    type,
    minute: String(minute),
    hour: String(hour),
    dayOfWeek: String(dayOfWeek),
    dayOfMonth: String(dayOfMonth),
    monthOfYear: String(monthOfYear),
    ...zone,
  };
}

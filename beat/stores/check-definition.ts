/** Checks what people and programs write into a store of schedules. */
import { isDeepStrictEqual } from "node:util";
import { ConfigurationError, isPlainObject } from "../../protocol/index.ts";
import { parseSchedule } from "../schedules/index.ts";
import type { ScheduleDefinition, ScheduleOptions } from "./schedule-store.ts";

/** Characters of names, as django-celery-beat's columns have them. */
export const MAX_NAME = 200;
const MAX_PRIORITY = 255;

/** What may be left out of a new definition. */
export type NewSchedule = Pick<ScheduleDefinition, "name" | "task" | "schedule"> &
  Partial<ScheduleDefinition>;

/** The definition with its defaults. Throws ConfigurationError that names the field. */
export function scheduleDefinition(given: NewSchedule): ScheduleDefinition {
  const definition: ScheduleDefinition = {
    args: [],
    kwargs: {},
    options: {},
    enabled: true,
    oneOff: given.schedule.type === "clocked",
    description: "",
    ...given,
  };
  checkName(definition.name);
  checkText(definition.task, "task", 1);
  parseSchedule(definition.schedule);
  require(Array.isArray(definition.args) && isJson(definition.args), "args must be a list of plain JSON");
  require(isPlainObject(definition.kwargs) &&
    isJson(definition.kwargs), "kwargs must be an object of plain JSON");
  require(definition.schedule.type !== "clocked" ||
    definition.oneOff, "a clocked schedule runs once: oneOff must be true");
  checkOptions(definition.options);
  for (const field of ["startAtMs", "expiresAtMs"] as const) {
    const value = definition[field];
    require(value === undefined ||
      (Number.isFinite(value) && Math.abs(value) <= 8.64e15), `${field} must be milliseconds since 1970`);
  }
  require(definition.options.expires === undefined ||
    definition.expiresAtMs === undefined, "options.expires and expiresAtMs exclude each other");
  return definition;
}

/** Whether nothing is lost when it is written down. */
function isJson(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}

/** Throws ConfigurationError. */
export function checkName(name: unknown): void {
  checkText(name, "name", 1);
}

function checkOptions({ queue, exchange, routingKey, priority, expires, headers }: ScheduleOptions): void {
  for (const [field, value] of Object.entries({ queue, exchange, routingKey })) {
    if (value !== undefined) checkText(value, `options.${field}`, 0);
  }
  require(priority === undefined ||
    (Number.isInteger(priority) &&
      priority >= 0 &&
      priority <= MAX_PRIORITY), `options.priority must be a whole number from 0 to ${MAX_PRIORITY}`);
  require(expires === undefined ||
    (Number.isInteger(expires) &&
      expires >= 0 &&
      expires < 2 ** 31), "options.expires must be a whole number of seconds");
  require(headers === undefined ||
    (isPlainObject(headers) && isJson(headers)), "options.headers must be an object of plain JSON");
}

function checkText(value: unknown, field: string, least: number): void {
  require(typeof value === "string" &&
    value.length >= least &&
    value.length <= MAX_NAME &&
    !value.includes("\0"), `${field} must have ${least} to ${MAX_NAME} characters`);
}

function require(isRight: boolean, what: string): void {
  if (!isRight) throw new ConfigurationError(`In a schedule, ${what}.`);
}

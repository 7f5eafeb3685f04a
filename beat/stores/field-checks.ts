/** Checks of single fields. Each throws ScheduleError that names the field and says what would do. */
import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "../../protocol/index.ts";
import { ScheduleError } from "./schedule-error.ts";

export type Check = (value: unknown, field: string) => void;

/** Milliseconds that a Date can hold. */
const MAX_TIME = 8.64e15;

export function text(least: number, most: number): Check {
  return check(
    (value) =>
      typeof value === "string" && value.length >= least && value.length <= most && !value.includes("\0"),
    `must have ${least} to ${most} characters`,
  );
}

export function whole(most: number): Check {
  return check(
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most,
    `must be a whole number from 0 to ${most}`,
  );
}

export function oneOf(words: readonly unknown[]): Check {
  return check((value) => words.includes(value), `must be one of ${words.join(", ")}`);
}

export const flag: Check = check((value) => typeof value === "boolean", "must be true or false");

export const time: Check = check(
  (value) => Number.isFinite(value) && Math.abs(Number(value)) <= MAX_TIME,
  "must be milliseconds since 1970",
);

export const list: Check = check(
  (value) => Array.isArray(value) && isJson(value),
  "must be a list of plain JSON",
);

export const object: Check = check(
  (value) => isPlainObject(value) && isJson(value),
  "must be an object of plain JSON",
);

function check(isRight: (value: unknown) => boolean, problem: string): Check {
  return (value, field) => {
    if (!isRight(value)) throw new ScheduleError(field, problem);
  };
}

/** Whether nothing is lost when it is written down. */
function isJson(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}

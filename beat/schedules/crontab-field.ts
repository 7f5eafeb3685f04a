/** The fields of a crontab, as Celery reads them. Source: crontab_parser in celery/schedules.py of 5.7. */
import { ConfigurationError } from "../../protocol/errors.ts";
import { parsePythonInt } from "./python-int.ts";
import type { CrontabField, CrontabSpec } from "./schedule.ts";

/** The name of a field. */
export type CrontabFieldName = Exclude<keyof CrontabSpec, "type" | "timezone">;

/** The lowest and the highest number of each field, in the order of a crontab's text. Sunday is 0. */
export const CRONTAB_FIELDS: Readonly<Record<CrontabFieldName, readonly [min: number, max: number]>> = {
  minute: [0, 59],
  hour: [0, 23],
  dayOfMonth: [1, 31],
  monthOfYear: [1, 12],
  dayOfWeek: [0, 6],
};

/** Characters of a field's text: every minute by its number is 169. */
const MAX_LENGTH = 1000;
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const WEEKDAYS = "sun mon tue wed thu fri sat".split(" ");

// Like Python's re.match(), the first three do not look at what follows: `1-3-5` is `1-3`.
const RANGE_AND_STEP = /^([\p{L}\p{N}_]+)-([\p{L}\p{N}_]+)\/([\p{L}\p{N}_]*)/u;
const RANGE = /^([\p{L}\p{N}_]+)-([\p{L}\p{N}_]+)/u;
const STAR_AND_STEP = /^\*\/([\p{L}\p{N}_]*)/u;

/**
 * The numbers that a field stands for, in order and each once. Throws ConfigurationError with the field, the value and what
 * would do where Celery throws ParseException, ValueError or TypeError.
 */
export function expandField(name: CrontabFieldName, value: CrontabField): number[] {
  const numbers = typeof value === "string" ? new FieldText(name, value).expand() : listed(name, value);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function listed(name: CrontabFieldName, value: number | readonly number[]): readonly number[] {
  const [min, max] = CRONTAB_FIELDS[name];
  const numbers = typeof value === "number" ? [value] : value;
  const isRight = (number: unknown): boolean =>
    Number.isInteger(number) && Number(number) >= min && Number(number) <= max;
  if (Array.isArray(numbers) && numbers.length > 0 && numbers.every(isRight)) return numbers;
  throw new ConfigurationError(
    `The ${name} of a crontab is ${shown(value)}. Use a text, or whole numbers from ${min} to ${max}.`,
  );
}

/** One text of a field. */
class FieldText {
  readonly #name: CrontabFieldName;
  readonly #text: string;
  readonly #min: number;
  readonly #max: number;

  constructor(name: CrontabFieldName, text: string) {
    this.#name = name;
    this.#text = text;
    [this.#min, this.#max] = CRONTAB_FIELDS[name];
  }

  expand(): number[] {
    if (this.#text.length > MAX_LENGTH) throw this.#wrong(`Use ${MAX_LENGTH} characters at most.`);
    return this.#text.split(",").flatMap((part) => this.#part(part));
  }

  #part(part: string): number[] {
    if (part === "") throw this.#wrong("Write something before, between and after its commas.");
    const range = RANGE_AND_STEP.exec(part) ?? RANGE.exec(part);
    if (range !== null) {
      const [, from = "", to = "", step] = range;
      const numbers = this.#range(this.#number(from), this.#number(to));
      return step === undefined ? numbers : this.#everyNth(numbers, step);
    }
    const every = STAR_AND_STEP.exec(part);
    if (every !== null) return this.#everyNth(this.#range(this.#min, this.#max), every[1] ?? "");
    return part === "*" ? this.#range(this.#min, this.#max) : [this.#number(part)];
  }

  /** The numbers of a range; one that ends before it starts goes on at the lowest number. */
  #range(from: number, to: number): number[] {
    if (to < from) return [...this.#range(from, this.#max), ...this.#range(this.#min, to)];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  }

  /** Counted from the first of the list, in its order. */
  #everyNth(numbers: readonly number[], step: string): number[] {
    const every = parsePythonInt(step);
    if (every === undefined || every === 0) throw this.#wrong('After "/" write a number above 0.');
    return numbers.filter((_, index) => index % every === 0);
  }

  #number(text: string): number {
    const number = text.startsWith("-") ? undefined : (parsePythonInt(text) ?? numberOfName(text));
    const span = `from ${this.#min} to ${this.#max}`;
    if (number === undefined) {
      throw this.#wrong(`${shown(text)} is no number and no name; use numbers ${span}, "*", "1-5" or "*/2".`);
    }
    if (number >= this.#min && number <= this.#max) return number;
    const hint = this.#name === "dayOfWeek" && number === 7 ? " Sunday is 0." : "";
    throw this.#wrong(`Use numbers ${span}.${hint}`);
  }

  #wrong(fix: string): ConfigurationError {
    return new ConfigurationError(`The ${this.#name} of a crontab is ${shown(this.#text)}. ${fix}`);
  }
}

/** Months come first in every field, and only three letters count: `mar` is 3 even as a day of the week, `mayday` is 5. */
function numberOfName(text: string): number | undefined {
  const name = text.slice(0, 3).toLowerCase();
  if (MONTHS.includes(name)) return MONTHS.indexOf(name) + 1;
  return WEEKDAYS.includes(name) ? WEEKDAYS.indexOf(name) : undefined;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

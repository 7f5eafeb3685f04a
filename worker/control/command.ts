import { type PlainObject, pythonRepr } from "../../protocol/index.ts";
import type { Worker } from "../worker.ts";

/** Runs one command; undefined sends no reply, and a thrown error is the reply `{"error": ...}`. */
export type Command = (worker: Worker, given: PlainObject) => unknown;

/** An error as Python would print it: `ValueError('...')`. */
export class PythonError extends Error {
  constructor(type: "ValueError" | "TypeError" | "KeyError" | "ImportError", message: string) {
    super(message);
    this.name = type;
  }
}

/** `ValueError('no')`: an error as Python prints it, with the quotes that Python takes. */
export function reprError(type: string, message: string): string {
  const quoted =
    message.includes("'") && !/["\\\p{Cc}]/u.test(message) ? `"${message}"` : pythonRepr(message);
  return `${type}(${quoted})`;
}

export function ok(value: string): { readonly ok: string } {
  return { ok: value };
}

export function nok(value: string): { readonly error: string } {
  return { error: value };
}

/** Python's truth: Flower says 1, and not true. */
export function isTrue(value: unknown): boolean {
  return value !== false && value !== null && value !== undefined && value !== 0 && value !== "";
}

/** A string argument. Throws as Python does for one that is missing. */
export function requireText(given: PlainObject, name: string): string {
  const value = given[name];
  if (typeof value === "string" && value !== "") return value;
  throw new PythonError("TypeError", `The argument "${name}" must be a text`);
}

/** A number, or text of one, in a range; null and undefined take the fallback. */
export function readNumber(
  given: PlainObject,
  name: string,
  [min, max]: readonly [number, number],
  fallback: number,
): number {
  const value = given[name];
  if (value === undefined || value === null) return fallback;
  const number = typeof value === "string" ? Number.parseFloat(value) : value;
  if (typeof number === "number" && number >= min && number <= max) return number;
  throw new PythonError("ValueError", `The argument "${name}" must be a number from ${min} to ${max}`);
}

/** A text or a list of texts, as a list. */
export function readTexts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/** Exceptions that a receiver names, as Celery keeps them. */
import type { ExceptionDocument } from "../../protocol/index.ts";
import { exceptionDocument } from "../outcome.ts";

/**
 * Python's own exceptions that a receiver may name: a Python caller then gets the class itself. Other names become classes
 * that Celery makes up. A receiver names no modules, and nothing like SystemExit, which would end the caller.
 */
const BUILTINS: ReadonlySet<string> = new Set([
  "ArithmeticError",
  "AssertionError",
  "AttributeError",
  "ConnectionError",
  "EOFError",
  "Exception",
  "FileNotFoundError",
  "ImportError",
  "IndexError",
  "KeyError",
  "LookupError",
  "MemoryError",
  "NameError",
  "NotImplementedError",
  "OSError",
  "OverflowError",
  "PermissionError",
  "RecursionError",
  "RuntimeError",
  "TimeoutError",
  "TypeError",
  "ValueError",
  "ZeroDivisionError",
]);

const TYPE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** undefined for a type that is no name of a class. */
export function remoteException(type: unknown, message: unknown): ExceptionDocument | undefined {
  if (typeof type !== "string" || !TYPE.test(type)) return undefined;
  const text = typeof message === "string" ? message : "";
  return exceptionDocument(BUILTINS.has(type) ? "builtins" : "remote", type, text);
}

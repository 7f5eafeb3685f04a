/** Results as Flower shows them. */
import { exceptionOf, pythonRepr, type ResultDocument } from "../../protocol/index.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { representable, writeJson } from "../task-view.ts";

/** Longest text of an error that is passed on. */
const MAX_ERROR_TEXT = 65_536;

/** JSON of Flower's: what JSON cannot carry becomes text. */
export function writeFlowerJson(value: unknown): string {
  return writeJson(representable(value, true));
}

/**
 * `result` of a task that has ended, an exception as its repr, and `traceback` of one that failed: null to callers who may
 * not see it.
 */
export function resultMembers(
  { caller }: Exchange,
  { allowTraceback }: GatewayContext,
  document: ResultDocument,
): Readonly<Record<string, unknown>> {
  const exception = exceptionOf(document);
  if (exception === undefined) return { result: document.result };
  const { exc_type: type, exc_message: message } = exception;
  const args = typeof message === "string" ? [message] : message;
  const result = clip(`${type}(${args.map((arg) => pythonRepr(arg, MAX_ERROR_TEXT)).join(", ")})`);
  if (document.status !== "FAILURE") return { result };
  const isShown = allowTraceback || caller.has("results:traceback");
  return { result, traceback: isShown && document.traceback !== null ? clip(document.traceback) : null };
}

function clip(text: string): string {
  return text.length > MAX_ERROR_TEXT ? `${text.slice(0, MAX_ERROR_TEXT)}...` : text;
}

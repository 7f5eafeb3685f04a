/** Why a chord failed, in Celery's words. Source: celery/backends/redis.py and celery/app/builtins.py of 5.7. */
import {
  type ExceptionDocument,
  exceptionOf,
  isPropagated,
  pythonRepr,
  toResultDocument,
} from "../../protocol/index.ts";
import type { ChordFailure } from "../chord-store.ts";

/** The end of one member, as it was counted or stored. */
export interface ChordMember {
  readonly taskId: string;
  readonly state: string;
  readonly result: unknown;
}

/** Arguments of an exception that are shown, and characters of each. */
const MAX_ARGS = 10;
const MAX_ARG_REPR = 1024;

/** `Dependency <id> raised ValueError('bad', 42)` for a member that did not succeed, undefined for one that did. */
export function failureOf({ taskId, state, result }: ChordMember): ChordFailure | undefined {
  if (!isPropagated(state)) return undefined;
  const exception = exceptionOf(toResultDocument({ taskId, state, result, now: "" }));
  if (exception === undefined) return { message: `Dependency ${taskId} ended in ${state}` };
  return { message: `Dependency ${taskId} raised ${exceptionRepr(exception)}`, cause: exception };
}

/** Python's repr of an exception. */
export function exceptionRepr({ exc_type, exc_message }: ExceptionDocument): string {
  const args = typeof exc_message === "string" ? [exc_message] : exc_message;
  const shown = args.slice(0, MAX_ARGS).map(argumentRepr);
  const more = args.length > MAX_ARGS ? ["..."] : [];
  return `${exc_type.split(".").at(-1)}(${[...shown, ...more].join(", ")})`;
}

/** As Python's own repr chooses the quotes of a text, unlike the one of logs and monitors. */
function argumentRepr(argument: unknown): string {
  const shown = pythonRepr(argument, MAX_ARG_REPR);
  const isDouble = typeof argument === "string" && argument.includes("'") && !argument.includes('"');
  return isDouble && shown.endsWith("'") ? `"${shown.slice(1, -1).replaceAll("\\'", "'")}"` : shown;
}

/** What a program in any language answers to a call, as an outcome. */
import { planRetry, type Retry } from "../../app/index.ts";
import { DecodeError, isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { requestInfo } from "../execute.ts";
import type { Run } from "../job.ts";
import { exceptionDocument, failure, type Outcome } from "../outcome.ts";

/** Longest traceback that is kept, in characters. */
const MAX_TRACEBACK = 65_536;

/** `{"result": ...}`, `{"error": {"type", "message", "module", "traceback"}}` or `{"retry": {"countdown", "reason"}}`. */
export function toOutcome(answer: PlainObject, run: Run, hostname: string): Outcome {
  if (Object.hasOwn(answer, "result")) return { state: "SUCCESS", result: answer["result"] };
  if (isPlainObject(answer["error"])) return toFailure(answer["error"]);
  if (isPlainObject(answer["retry"])) return retryLater(answer["retry"], run, hostname);
  return failure(new DecodeError("bad_result", 'An answer needs "result", "error" or "retry".'));
}

function toFailure({ type, message, module, traceback }: PlainObject): Outcome {
  const text = (value: unknown, fallback: string): string =>
    typeof value === "string" && value !== "" ? value : fallback;
  return {
    state: "FAILURE",
    exception: exceptionDocument(text(module, "remote"), text(type, "RemoteError"), text(message, "")),
    traceback: typeof traceback === "string" ? traceback.slice(0, MAX_TRACEBACK) : null,
  };
}

/** Runs the task again later, as `self.retry()` would; without a retry left it fails. */
export function retryLater({ countdown, reason }: PlainObject, run: Run, hostname: string): Outcome {
  const error = new Error(typeof reason === "string" ? reason : "The program asked for a retry.");
  const seconds = typeof countdown === "number" && countdown >= 0 ? { countdown } : {};
  try {
    const retry = planRetry(requestInfo(run, hostname), run.task.options, { error, ...seconds }, Date.now());
    return toRetryOutcome(retry, error);
  } catch (thrown) {
    return failure(thrown);
  }
}

function toRetryOutcome({ etaMs, retries }: Retry, error: Error): Outcome {
  const exception = exceptionDocument("remote", "Retry", error.message);
  return { state: "RETRY", exception, traceback: null, etaMs, retries };
}

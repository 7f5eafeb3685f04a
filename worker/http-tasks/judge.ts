/** What the answer to a webhook call means for its task. */
import {
  EGRESS_FAILURES,
  type EgressAnswer,
  type EgressOutcome,
  readRetryAfter,
} from "../../egress/index.ts";
import { isPlainObject } from "../../protocol/index.ts";
import { failure, type Outcome } from "../outcome.ts";
import { readAnswer } from "./read-answer.ts";
import { remoteException } from "./remote-exception.ts";
import { WebhookError } from "./webhook-error.ts";

export type Verdict =
  | { readonly kind: "end"; readonly outcome: Outcome }
  /** `isTrouble`: the host itself is to blame. */
  | {
      readonly kind: "retry";
      readonly error: Error;
      readonly isTrouble: boolean;
      /** What the host asked for, in milliseconds. */
      readonly afterMs: number | undefined;
    }
  | { readonly kind: "later" };

export interface JudgeOptions {
  /** Statuses that are a success; undefined: 2xx but 202. */
  readonly success: readonly number[] | undefined;
  readonly maxDepth: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Client errors that another attempt may not end in: time-out, too early, too many requests. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
const ACCEPTED = 202;
/** The task itself failed there. */
const TASK_RAISED = 424;
const MAX_EXCERPT = 1000;

export function judge(answer: EgressOutcome, options: JudgeOptions): Verdict {
  if (answer.kind === "failure") {
    const error = new WebhookError(answer.message);
    if (!EGRESS_FAILURES[answer.reason].mayPass) return end(failure(error));
    return { kind: "retry", error, isTrouble: true, afterMs: undefined };
  }
  const { status, headers } = answer;
  const { success, nowMs } = options;
  if (success?.includes(status) ?? (status >= 200 && status < 300 && status !== ACCEPTED))
    return end(succeeded(answer, options));
  if (status === ACCEPTED) return { kind: "later" };
  if (status === TASK_RAISED) return end(raised(answer, options) ?? failure(errorOf(answer)));
  const isTrouble = status >= 500;
  if (!isTrouble && !PASSING.has(status)) return end(failure(errorOf(answer)));
  const afterMs = readRetryAfter(headers["retry-after"], nowMs);
  return { kind: "retry", error: errorOf(answer), isTrouble, afterMs };
}

function end(outcome: Outcome): Verdict {
  return { kind: "end", outcome };
}

function succeeded(answer: EgressAnswer, { maxDepth }: JudgeOptions): Outcome {
  try {
    return { state: "SUCCESS", result: readAnswer(answer, maxDepth) };
  } catch (error) {
    return failure(error);
  }
}

/** `{"type", "message"}`; undefined for another body. */
function raised(answer: EgressAnswer, { maxDepth }: JudgeOptions): Outcome | undefined {
  try {
    const value = readAnswer(answer, maxDepth);
    if (!isPlainObject(value)) return undefined;
    const exception = remoteException(value["type"], value["message"]);
    return exception && { state: "FAILURE", exception, traceback: null };
  } catch {
    return undefined;
  }
}

function errorOf({ status, body }: EgressAnswer): WebhookError {
  const text = body.toString("utf8").slice(0, MAX_EXCERPT).trim();
  return new WebhookError(`The server answered ${status}${text === "" ? "" : `: ${text}`}`);
}

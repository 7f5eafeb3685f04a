/** What the broker is told about a job that has ended. Source: celery/worker/request.py `on_failure`, `on_timeout` of 5.7. */
import type { App, Settings, TaskOptions } from "../app/index.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

export type Verdict = "ack" | "reject" | "requeue";

/** A job that was acknowledged before it ran cannot be rejected any more: "ack" stands for that too. */
export function verdictOf(
  { job, outcome }: { readonly job: Job; readonly outcome: Outcome },
  { settings }: App,
): Verdict {
  if (outcome.state === "REJECTED") return outcome.requeue ? "requeue" : "reject";
  if (outcome.state !== "FAILURE" || !job.acksLate) return "ack";
  const { exc_type: type, exc_module: module } = outcome.exception;
  const isTimeout = type === "TimeLimitExceeded" && module === "billiard.exceptions";
  if (acknowledges(isTimeout ? "OnTimeout" : "OnFailure", job.task.options, settings)) return "ack";
  return isTimeout ? "requeue" : "reject";
}

/** The task's own option wins over the setting, and the particular one over the one for both. */
function acknowledges(when: "OnFailure" | "OnTimeout", task: TaskOptions, settings: Settings): boolean {
  return (
    task[`acks${when}`] ??
    settings[`taskAcks${when}`] ??
    task.acksOnFailureOrTimeout ??
    settings.taskAcksOnFailureOrTimeout
  );
}

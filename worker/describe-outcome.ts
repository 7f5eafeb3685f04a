/** A line for the log about the end of a task, in the manner of Celery's. */
import { describeException, formatIsoTime } from "../protocol/index.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

export interface OutcomeLine {
  readonly message: string;
  readonly isTrouble: boolean;
  readonly task: string;
  readonly taskId: string;
  readonly state: Outcome["state"];
  readonly runtimeMs: number | undefined;
}

export function describeOutcome({ request, startedAtMs }: Job, outcome: Outcome): OutcomeLine {
  const runtimeMs = startedAtMs === undefined ? undefined : Date.now() - startedAtMs;
  const after = runtimeMs === undefined ? "" : ` after ${runtimeMs / 1000} s`;
  return {
    message: `Task ${request.task}[${request.id}] ${ending(outcome)}${after}`,
    isTrouble: outcome.state === "FAILURE" || outcome.state === "REJECTED",
    task: request.task,
    taskId: request.id,
    state: outcome.state,
    runtimeMs,
  };
}

function ending(outcome: Outcome): string {
  switch (outcome.state) {
    case "SUCCESS":
      return "succeeded";
    case "FAILURE":
      return `raised ${describeException(outcome.exception)}`;
    case "RETRY":
      return `will be retried at ${formatIsoTime(outcome.etaMs)} because of ${describeException(outcome.exception)}`;
    case "REVOKED":
      return `${outcome.signum === undefined ? "was not run" : "was ended"}: ${describeException(outcome.exception)}`;
    case "REJECTED":
      return outcome.requeue ? "was given back to its queue" : "was rejected";
    case "LOST":
      return `was lost: ${describeException(outcome.exception)}`;
    case "REPLACED":
      return `was replaced by ${outcome.signature.task}`;
    case "IGNORED":
      return "asked to be ignored";
  }
}

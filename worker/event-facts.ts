/** What the events of tasks say, with exactly Celery's fields. Source: celery/worker/request.py, celery/worker/strategy.py of 5.7. */
import { type ExceptionDocument, pythonRepr } from "../protocol/index.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";
import type { Verdict } from "./verdict.ts";

/** Length of a result's repr, in characters (`resultrepr_maxsize`). */
const MAX_RESULT_REPR = 1024;

export type Facts = Readonly<Record<string, unknown>>;

/** The type of an event, and the fields that it has beside the common ones and the task's id. */
export type EventFacts = readonly [type: `task-${string}`, facts: Facts];

export function receivedFacts({ request }: Job): EventFacts {
  const { headers, task, rootId, parentId, retries } = request;
  const { shadow, argsrepr, kwargsrepr, eta, expires } = headers;
  return [
    "task-received",
    {
      name: typeof shadow === "string" && shadow !== "" ? shadow : task,
      args: argsrepr ?? "",
      kwargs: kwargsrepr ?? "",
      root_id: rootId,
      parent_id: parentId ?? null,
      retries,
      eta: eta ?? null,
      expires: expires ?? null,
    },
  ];
}

export function rejectedFacts(requeue: boolean): EventFacts {
  return ["task-rejected", { requeue }];
}

/** The events that an outcome causes. */
export function endFacts(job: Job, outcome: Outcome, verdict: Verdict): readonly EventFacts[] {
  switch (outcome.state) {
    case "SUCCESS": {
      const runtime = job.startedAtMs === undefined ? null : (Date.now() - job.startedAtMs) / 1000;
      return [["task-succeeded", { result: pythonRepr(outcome.result, MAX_RESULT_REPR), runtime }]];
    }
    case "FAILURE": {
      const failed: EventFacts = ["task-failed", trouble(outcome)];
      if (verdict === "ack") return [failed];
      return verdict === "reject" ? [rejectedFacts(false), failed] : [failed, rejectedFacts(true)];
    }
    case "RETRY":
      return [["task-retried", trouble(outcome)]];
    case "REVOKED": {
      const { exception, signum = null } = outcome;
      const expired = exception.exc_message[0] === "expired";
      return [["task-revoked", { terminated: signum !== null, signum, expired }]];
    }
    case "REJECTED": {
      const { requeue } = outcome;
      const failed: readonly EventFacts[] = requeue ? [] : [["task-failed", trouble(outcome)]];
      // What was acknowledged before it ran cannot be rejected any more.
      return job.acksLate ? [...failed, rejectedFacts(requeue)] : failed;
    }
    case "LOST":
    case "REPLACED":
    case "IGNORED":
      return [];
  }
}

/** Python's repr() of an exception: `ValueError('too far')`. */
export function exceptionRepr({ exc_type: type, exc_message: message }: ExceptionDocument): string {
  const args = typeof message === "string" ? [message] : message;
  return `${type}(${args.map((one) => pythonRepr(one)).join(", ")})`;
}

function trouble(outcome: Extract<Outcome, { state: "FAILURE" | "RETRY" | "REJECTED" }>): Facts {
  const traceback = "traceback" in outcome ? outcome.traceback : null;
  return { exception: exceptionRepr(outcome.exception), traceback: traceback ?? "" };
}

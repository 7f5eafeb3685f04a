/** Runs a webhook again later, as Celery's `retry()` would. */
import { autoretryCountdown, planRetry } from "../../app/index.ts";
import { requestInfo } from "../execute.ts";
import type { Run } from "../job.ts";
import { failure, type Outcome, toExceptionDocument } from "../outcome.ts";

/** What a host may ask for at most, in seconds. */
const MAX_RETRY_AFTER = 86_400;

/** After the pause that was asked for, else one that grows; a failure when the retries are used up. */
export function retryLater(run: Run, error: Error, hostname: string, afterMs: number | undefined): Outcome {
  const { request, task } = run;
  const countdown =
    afterMs === undefined
      ? autoretryCountdown(request.retries, task.options, Math.random)
      : Math.min(MAX_RETRY_AFTER, afterMs / 1000);
  try {
    const retry = planRetry(requestInfo(run, hostname), task.options, { error, countdown }, Date.now());
    const { etaMs, retries } = retry;
    return { state: "RETRY", exception: toExceptionDocument(error), traceback: null, etaMs, retries };
  } catch (thrown) {
    return failure(thrown);
  }
}

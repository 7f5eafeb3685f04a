/** Runs of tasks as spans, in the process where they happen. */
import { startRunSpan, type TraceHeaders, withinTrace } from "../app/index.ts";
import { type Awaitable, andThen } from "../codecs/index.ts";
import { describeException, type ExceptionDocument } from "../protocol/index.ts";
import { splitBrokerUrls } from "../transports/index.ts";
import type { Job, Run } from "./job.ts";
import type { Outcome } from "./outcome.ts";

/** The spans of runs that have begun, for what follows them. */
const traces = new WeakMap<Run, TraceHeaders>();

/** The same execution in a span that continues the trace of its message; without a provider it costs next to nothing. */
export function withTracing<R extends Run>(
  execute: (run: R) => Awaitable<Outcome>,
  brokerUrl: string | readonly string[],
): (run: R) => Awaitable<Outcome> {
  const [url = ""] = splitBrokerUrls(brokerUrl);
  return (run) => {
    const { request } = run;
    const span = startRunSpan({
      task: request.task,
      taskId: request.id,
      rootId: request.rootId,
      retries: request.retries,
      headers: request.headers,
      brokerUrl: url,
      queue: request.deliveryInfo.queue,
    });
    if (span === undefined) return execute(run);
    traces.set(run, span.headers);
    return andThen(
      span.within(() => execute(run)),
      (outcome) => {
        span.end(describe(outcome));
        return outcome;
      },
    );
  };
}

/** The context of a run's span, undefined when nobody traces. */
export function traceOf(run: Run): TraceHeaders | undefined {
  return traces.get(run);
}

/** Takes note of the span that a run has in another process. */
export function setTrace(job: Job, headers: TraceHeaders | undefined): void {
  if (headers !== undefined) traces.set(job, headers);
}

/** Calls the function in the trace of a run, or in that of its message when the run had none here. */
export function withinTraceOf<Result>(job: Job, work: () => Result): Result {
  return withinTrace(traces.get(job) ?? job.request.headers, work);
}

function describe(outcome: Outcome): {
  readonly state: string;
  readonly error?: Error;
  readonly retryReason?: string;
} {
  const { state } = outcome;
  if (outcome.state === "RETRY") return { state, retryReason: describeException(outcome.exception) };
  if (outcome.state !== "FAILURE") return { state };
  return { state, error: toSpanError(outcome.exception, outcome.traceback) };
}

/** As the task threw it. */
function toSpanError(exception: ExceptionDocument, traceback: string | null): Error {
  const error = new Error(describeException(exception));
  error.name = exception.exc_type;
  error.stack = traceback ?? "";
  return error;
}

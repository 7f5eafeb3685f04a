import type { SignalName, Signals, TaskEvent } from "../app/index.ts";
import { type Awaitable, andThen } from "../codecs/index.ts";
import { requestInfo } from "./execute.ts";
import type { Run } from "./job.ts";
import type { Outcome } from "./outcome.ts";

const TASK_SIGNALS: readonly SignalName[] = [
  "task_prerun",
  "task_postrun",
  "task_success",
  "task_failure",
  "task_retry",
];

export interface TaskSignalsOptions {
  readonly signals: Signals;
  /** Node name of the worker. */
  readonly hostname: string;
}

/** The same execution, with its signals sent in the process where it happens; without listeners it costs nothing. */
export function withTaskSignals<R extends Run>(
  execute: (run: R) => Awaitable<Outcome>,
  { signals, hostname }: TaskSignalsOptions,
): (run: R) => Awaitable<Outcome> {
  return (run) => {
    if (!signals.areHeard(TASK_SIGNALS)) return execute(run);
    const request = requestInfo(run, hostname);
    const event: TaskEvent = { task: request.task, taskId: request.id, request };
    signals.send("task_prerun", () => event);
    return andThen(execute(run), (outcome) => {
      sendEnd(signals, event, outcome);
      return outcome;
    });
  };
}

function sendEnd(signals: Signals, event: TaskEvent, outcome: Outcome): void {
  if (outcome.state === "SUCCESS") {
    signals.send("task_success", () => ({ ...event, result: outcome.result }));
  } else if (outcome.state === "FAILURE" || outcome.state === "RETRY") {
    const { exception, traceback } = outcome;
    const name = outcome.state === "RETRY" ? "task_retry" : "task_failure";
    signals.send(name, () => ({ ...event, exception, traceback }));
  }
  signals.send("task_postrun", () => ({ ...event, state: outcome.state }));
}

/** `celery.chord_unlock` as a task of the app, which any pool can run. */
import {
  type App,
  type BoundTaskFunction,
  type TaskContext,
  TaskError,
  type TaskOptions,
} from "../../app/index.ts";
import { CHORD_UNLOCK } from "../../backends/index.ts";
import { toResultDocument } from "../../protocol/index.ts";
import { createChordJoiner } from "./joiner.ts";
import { createChordUnlock } from "./unlock.ts";

/** Parameters after the group's id and the body, as Celery names them. */
const PARAMS = ["group_id", "callback", "interval", "max_retries", "result", "_chord_unlock_exchange_type"];

const OPTIONS: TaskOptions & { readonly bind: true } = {
  bind: true,
  params: PARAMS,
  ignoreResult: true,
  maxRetries: null,
};

/** Registers it, unless the app has one of its own. */
export function registerChordUnlock(app: App): void {
  if (app.tasks.has(CHORD_UNLOCK) || !app.keepsResults) return;
  app.task(CHORD_UNLOCK, OPTIONS, unlockFunction(app));
}

function unlockFunction(app: App): BoundTaskFunction<readonly unknown[], null> {
  const { resultChordRetryInterval, resultExpires, taskPublishDeadline } = app.settings;
  return async (self: TaskContext) => {
    const backend = await app.backend();
    const joiner = createChordJoiner({
      backend,
      applySignature: (signature, args, options) => app.apply(signature, { args, options }),
      publishDeadlineSeconds: taskPublishDeadline,
      onWarning: app.onWarning,
    });
    const unlock = createChordUnlock({
      backend,
      joiner,
      retryIntervalSeconds: resultChordRetryInterval,
      resultExpires,
    });
    const { request } = self;
    const outcome = await unlock(request.args, request.kwargs, request);
    if (outcome.state === "RETRY") {
      throw self.retry({ eta: new Date(outcome.etaMs), maxRetries: null });
    }
    if (outcome.state === "FAILURE") {
      const { state, exception: result } = outcome;
      throw new TaskError(toResultDocument({ taskId: request.id, state, result, now: "" }), result);
    }
    return null;
  };
}

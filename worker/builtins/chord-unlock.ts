/** `celery.chord_unlock`: polls the header of a chord where the result store does not count. */
import type { App } from "../../app/index.ts";
import { CHORD_UNLOCK } from "../../backends/index.ts";
import { createChordUnlock, joinerOf } from "../chords/index.ts";
import type { Builtin, RunBuiltin } from "./builtin.ts";

export const CHORD_UNLOCK_BUILTIN: Builtin = {
  name: CHORD_UNLOCK,
  options: { ignoreResult: true, maxRetries: null },
  isServed: ({ keepsResults }) => keepsResults,
  create,
};

function create(app: App): RunBuiltin {
  const { resultChordRetryInterval, resultExpires } = app.settings;
  return async (request) => {
    const backend = await app.backend();
    const unlock = createChordUnlock({
      backend,
      joiner: joinerOf(app, backend, app.onWarning),
      retryIntervalSeconds: resultChordRetryInterval,
      resultExpires,
    });
    return unlock(request.args, request.kwargs, request);
  };
}

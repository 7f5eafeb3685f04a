/** The joiner of an app: bodies are sent as the app sends everything, within its deadline. */
import type { App } from "../../app/index.ts";
import type { ResultBackend } from "../../backends/index.ts";
import { type ChordJoiner, createChordJoiner } from "./joiner.ts";

export function joinerOf(
  app: App,
  backend: ResultBackend,
  onWarning: (message: string, error?: unknown) => void,
): ChordJoiner {
  return createChordJoiner({
    backend,
    applySignature: (signature, args, options) => app.apply(signature, { args, options }),
    publishDeadlineSeconds: app.settings.taskPublishDeadline,
    onWarning,
  });
}

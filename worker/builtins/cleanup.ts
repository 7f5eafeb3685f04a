/** `celery.backend_cleanup`, which beat sends where results do not expire by themselves. */
import { needsCleanup } from "../../backends/index.ts";
import type { Builtin } from "./builtin.ts";

export const CLEANUP_BUILTIN: Builtin = {
  name: "celery.backend_cleanup",
  isServed: ({ settings }) => needsCleanup(settings.resultBackend ?? ""),
  create: (app) => async () => ({ state: "SUCCESS", result: await app.cleanupResults() }),
};

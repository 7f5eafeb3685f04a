/** `celery.backend_cleanup`, which beat sends where results do not expire by themselves. Source: celery/app/builtins.py. */
import type { App } from "../app/index.ts";
import { needsCleanup } from "../backends/index.ts";

const NAME = "celery.backend_cleanup";

/** Registers it, unless the app has one of its own or no use for it. */
export function registerCleanup(app: App): void {
  if (app.tasks.has(NAME) || !needsCleanup(app.settings.resultBackend ?? "")) return;
  app.task(NAME, { params: [] }, () => app.cleanupResults());
}

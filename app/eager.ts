/**
 * Setting taskAlwaysEager: tasks of this app run inside the call that would send them. The worker's own parts run them; its
 * module puts the function here, because an app knows nothing of workers.
 */
import { ConfigurationError } from "../protocol/index.ts";
import type { App } from "./app.ts";
import type { PreparedTask } from "./producer.ts";
import type { Settings } from "./settings.ts";

/** Runs a task and what follows it. Rejects with what the task threw when taskEagerPropagates is on. */
export type EagerRunner = (app: App, prepared: PreparedTask) => Promise<void>;

let runner: EagerRunner | undefined;

/** Called once, by the module of the worker. */
export function setEagerRunner(given: EagerRunner): void {
  runner = given;
}

/** Throws ConfigurationError where the module of the worker is not loaded. */
export function runEagerly(app: App, prepared: PreparedTask): Promise<void> {
  if (runner !== undefined) return runner(app, prepared);
  const text = 'taskAlwaysEager needs the worker: import "celerity/worker" first.';
  return Promise.reject(new ConfigurationError(text));
}

/** Where results of eager calls are: in this process, unless the settings want them kept. */
export function eagerBackendUrl({ resultBackend, taskStoreEagerResult }: Settings, name: string): string {
  return taskStoreEagerResult && resultBackend !== null ? resultBackend : `cache+memory://eager-${name}`;
}

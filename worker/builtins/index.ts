/**
 * Celery's own tasks, which every worker serves. Those that run tasks of the app are run by the pool like any task; those
 * that only send messages and read results run in the worker's own process beside the pool, which may be another program.
 * Source: celery/app/builtins.py of 5.7.
 */
import type { App, Task } from "../../app/index.ts";
import type { Run } from "../job.ts";
import { failure, type Outcome } from "../outcome.ts";
import type { Builtin, RunBuiltin } from "./builtin.ts";
import { CANVAS_BUILTINS } from "./canvases.ts";
import { CHORD_UNLOCK_BUILTIN } from "./chord-unlock.ts";
import { CLEANUP_BUILTIN } from "./cleanup.ts";
import { registerMaps } from "./maps.ts";

const BESIDE_POOL: readonly Builtin[] = [...CANVAS_BUILTINS, CHORD_UNLOCK_BUILTIN, CLEANUP_BUILTIN];

const runs = new WeakMap<Task, RunBuiltin>();

export { registerMaps };

/** Registers all, unless the app has some of its own. */
export function registerBuiltins(app: App): void {
  registerMaps(app);
  for (const { name, options = {}, isServed, create } of BESIDE_POOL) {
    if (app.tasks.has(name) || isServed?.(app) === false) continue;
    app.task(name, options, () => undefined);
    runs.set(app.tasks.get(name) as Task, create(app));
  }
}

/** True for a task that the worker runs beside its pool. */
export function isBesidePool(task: Task): boolean {
  return runs.has(task);
}

/** Runs such a task. Never rejects. */
export async function runBesidePool({ task, request }: Run): Promise<Outcome> {
  try {
    return (await runs.get(task)?.(request)) ?? { state: "SUCCESS", result: null };
  } catch (error) {
    return failure(error);
  }
}

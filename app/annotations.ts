/** Celery's `task_annotations`: options given to tasks from the settings. Source: celery/app/annotations.py of 5.7. */
import type { TaskOptions } from "./task-options.ts";

/** Options by task name, `*` for every task; or several such objects, of which later ones win. */
export type TaskAnnotations =
  | Readonly<Record<string, TaskOptions>>
  | readonly Readonly<Record<string, TaskOptions>>[];

/** A task's options with its annotations, which win over its own; those by name win over `*`. */
export function annotated(name: string, options: TaskOptions, annotations: TaskAnnotations): TaskOptions {
  const tables = [annotations].flat() as readonly Readonly<Record<string, TaskOptions>>[];
  return Object.assign({}, options, ...tables.flatMap((table) => [own(table, "*"), own(table, name)]));
}

function own(table: Readonly<Record<string, TaskOptions>>, name: string): TaskOptions | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

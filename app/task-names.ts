/** Names of tasks. */

/** Celery keeps names that begin with "celery." for tasks of its own. */
export function isReservedName(name: string): boolean {
  return name.startsWith("celery.");
}

/** The tasks that an application brings along, in order; not those that every worker has. */
export function ownTaskNames(tasks: ReadonlyMap<string, unknown>): string[] {
  return [...tasks.keys()].filter((name) => !isReservedName(name)).sort();
}

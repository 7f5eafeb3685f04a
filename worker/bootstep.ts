/** Steps of a worker's start and stop, which users add to or replace. Source of the idea: celery/bootsteps.py. */
import { ConfigurationError } from "../protocol/index.ts";
import type { Worker } from "./worker.ts";

export interface Bootstep {
  /** A built-in step of this name is replaced. */
  readonly name: string;
  /** Steps that start before this one, and stop after it. `consumer` begins to take messages. */
  readonly requires?: readonly string[];
  /** The worker is connected; from the step `pool` on its pools can run tasks; it takes no messages before the step `consumer`. */
  start(worker: Worker): Promise<void> | void;
  /** Called in reverse order when no task runs any more; not for a step whose start failed. */
  stop?(worker: Worker): Promise<void> | void;
}

/** All steps in an order that satisfies them, as given otherwise. Throws ConfigurationError for a name that is missing, and for a circle. */
export function orderSteps(builtin: readonly Bootstep[], given: readonly Bootstep[]): readonly Bootstep[] {
  const byName = new Map([...builtin, ...given].map((step) => [step.name, step]));
  const ordered = new Set<Bootstep>();
  const visit = (step: Bootstep, path: readonly string[]): void => {
    if (ordered.has(step)) return;
    if (path.includes(step.name)) {
      throw new ConfigurationError(
        `Steps of the worker require each other: ${[...path, step.name].join(" -> ")}.`,
      );
    }
    for (const name of step.requires ?? []) {
      const required = byName.get(name);
      if (required === undefined) {
        throw new ConfigurationError(
          `The step "${step.name}" requires "${name}", which is not there; known are ${[...byName.keys()].join(", ")}.`,
        );
      }
      visit(required, [...path, step.name]);
    }
    ordered.add(step);
  };
  for (const step of byName.values()) visit(step, []);
  return [...ordered];
}

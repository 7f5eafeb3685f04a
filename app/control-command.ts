/** Remote control commands of an app's own: what `@control_command` and `@inspect_command` are in Celery. */
import type { PlainObject } from "../protocol/index.ts";

/** What a handler knows beside its arguments. */
export interface ControlFacts {
  /** Node name of the worker that was asked. */
  readonly hostname: string;
}

/**
 * Runs in every worker that is asked, beside its tasks. What it returns or resolves to is the answer; undefined sends none,
 * and what it throws is answered as `{"error": ...}`. Arguments come from whoever can send to the broker.
 */
export type ControlHandler = (args: PlainObject, facts: ControlFacts) => unknown;

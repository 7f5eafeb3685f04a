/** What every part of a canvas is asked, and what is counted of the whole. */
import type { PlainObject, Signature } from "../../protocol/index.ts";
import type { RoutedCall } from "../access/tenants.ts";
import { Problem } from "../problems.ts";
import type { RequestedTask } from "../task-check.ts";
import { CanvasErrors } from "./canvas-errors.ts";
import { LINK_OPTIONS, MAX_LINKS } from "./canvas-options.ts";
import type { GivenOptions } from "./given-options.ts";

/** What bounds a canvas, and what is asked of it. */
export interface CanvasRules {
  readonly maxTasks: number;
  readonly maxDepth: number;
  /** Throws a Problem for a task that may not be sent. */
  readonly checkTask: (task: RequestedTask) => void;
  /** Throws a Problem for a value that this caller may not send. */
  readonly checkValue: (value: unknown, pointer: string) => void;
  /** Where a task goes, by the name on the wire; undefined: where the app's routes say. */
  readonly placeOf: (call: RoutedCall) => string | undefined;
  /** Headers that every task gets. */
  readonly headers: PlainObject | undefined;
}

/** What stands for a canvas that is wrong: what is read is thrown away then. */
export const NOTHING: Signature = {
  task: "",
  args: [],
  kwargs: {},
  options: {},
  subtask_type: null,
  immutable: false,
};

export class CanvasChecks {
  readonly errors: CanvasErrors = new CanvasErrors();
  readonly #rules: CanvasRules;
  #tasks = 0;
  #handedLinks = 0;

  constructor(rules: CanvasRules) {
    this.#rules = rules;
  }

  /** Tasks so far. */
  get tasks(): number {
    return this.#tasks;
  }

  /** The options of a task on the wire. */
  optionsOf({ options }: GivenOptions, call: Omit<RoutedCall, "queue">): PlainObject {
    const { headers, placeOf } = this.#rules;
    const { queue } = options;
    const place = placeOf({ ...call, queue: typeof queue === "string" ? queue : undefined });
    if (headers === undefined && place === queue) return options;
    return { ...(headers && { headers }), ...options, ...(place === undefined ? {} : { queue: place }) };
  }

  /** The one check of a task's name and of the queue that it will go to. */
  requireAllowed(name: string, pointer: string, { options, queuePointer }: GivenOptions): void {
    const { queue, countdown, ...others } = options;
    const task = {
      name,
      pointer,
      queue: typeof queue === "string" ? queue : undefined,
      queuePointer,
      options: { ...others, delay: countdown },
    };
    this.errors.attempt(pointer, () => this.#rules.checkTask(task));
  }

  requirePlain(value: unknown, pointer: string): void {
    this.errors.attempt(pointer, () => this.#rules.checkValue(value, pointer));
  }

  requireDepth(depth: number, pointer: string): void {
    const { maxDepth } = this.#rules;
    if (depth > maxDepth) throw tooMany("levels of canvases", maxDepth, pointer);
  }

  count(tasks: number, pointer: string): void {
    this.#tasks += tasks;
    if (this.#tasks > this.#rules.maxTasks) throw tooMany("tasks", this.#rules.maxTasks, pointer);
  }

  /** Callbacks of a chain or chord are handed to each of its tasks. */
  countLinks(options: PlainObject, tasks: number, pointer: string): void {
    for (const name of LINK_OPTIONS) {
      const links = options[name];
      if (Array.isArray(links)) this.#handedLinks += links.length * tasks;
    }
    const limit = this.#rules.maxTasks * MAX_LINKS;
    if (this.#handedLinks > limit) throw tooMany("callbacks of all its tasks", limit, pointer);
  }

  wrong(pointer: string, detail: string): Signature {
    this.errors.add(pointer, detail);
    return NOTHING;
  }
}

function tooMany(what: string, limit: number, pointer: string): Problem {
  const detail = `The workflow has more than ${limit} ${what}.`;
  return new Problem("too-many-tasks", { detail, members: { limit, errors: [{ pointer, detail }] } });
}

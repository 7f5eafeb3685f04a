/** What a task of Celery's own is made of. */
import type { App, TaskOptions } from "../../app/index.ts";
import type { TaskRequest } from "../../protocol/index.ts";
import type { Outcome } from "../outcome.ts";

/** What it throws becomes its failure; undefined stands for success without a value. */
export type RunBuiltin = (request: TaskRequest) => Promise<Outcome | undefined>;

export interface Builtin {
  readonly name: string;
  readonly options?: Omit<TaskOptions, "bind">;
  /** Whether the app has a use for it; default: it has. */
  readonly isServed?: (app: App) => boolean;
  readonly create: (app: App) => RunBuiltin;
}

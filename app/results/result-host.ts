/** What results need of the app that made them. */
import type { ResultBackend } from "../../backends/index.ts";
import type { ResultNode } from "../../protocol/index.ts";
import type { AsyncResult } from "./async-result.ts";
import type { GroupResult } from "./group-result.ts";

/** How tasks are called off. Source: celery/app/control.py `revoke` of 5.7. */
export interface RevokeOptions {
  /** Also end those that run already. */
  readonly terminate?: boolean;
  /** The signal that ends them. Default SIGTERM. */
  readonly signal?: string;
}

/** A result of a task or of a group, as it stands in a tree of results. */
export type AnyResult = AsyncResult | GroupResult<unknown, readonly unknown[]>;

export interface ResultHost {
  backend(): Promise<ResultBackend>;
  /** Tells all workers not to run these tasks. Resolves when the broker has the command. */
  revoke(taskIds: string | readonly string[], options?: RevokeOptions): Promise<void>;
  /** A handle on a result, and through it on all it is connected with. */
  resultFrom(node: ResultNode): AnyResult;
}

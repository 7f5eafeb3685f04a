/** Who sends a request, and what they may do. */

/** What a route asks of its caller. A credential without `scopes` of its own has the ordinary ones. */
export type Scope =
  | "tasks:submit"
  | "tasks:read"
  | "tasks:cancel"
  | "results:traceback"
  | "workflows"
  | "schedules:read"
  | "schedules:write"
  | "queues:read"
  | "queues:write"
  | "queues:purge"
  | "workers:read"
  | "workers:control"
  | "dead-letters:read"
  | "dead-letters:write"
  | "task-types:write"
  | "webhooks"
  | "python-types"
  | "metrics"
  | "admin";

/** Which tasks of others a caller sees. */
export type ReadScope = "own" | "tenant" | "all";

/** A caller, once their credential has been checked. */
export interface Caller {
  /** Of the credential, for the index, limits and the audit log. */
  readonly id: string;
  /** Comes from the credential, never from the request. */
  readonly tenant: string | undefined;
  readonly read: ReadScope;
  has(scope: Scope): boolean;
  maySubmit(task: string): boolean;
  mayUseQueue(queue: string): boolean;
}

/** Whoever calls a gateway that asks nobody to log in: may do everything but what tells about the code. */
export const ANONYMOUS: Caller = {
  id: "anonymous",
  tenant: undefined,
  read: "all",
  has: (scope) => scope !== "results:traceback" && scope !== "python-types",
  maySubmit: () => true,
  mayUseQueue: () => true,
};

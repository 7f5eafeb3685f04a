/** Who sends a request, and what they may do. */
import type { Quotas } from "./policy.ts";

/** What a route asks of its caller. A credential without `scopes` of its own has the ordinary ones. */
export type Scope =
  | "tasks:submit"
  | "tasks:read"
  | "tasks:cancel"
  | "tasks:arguments"
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
  /** Stands before the names of the tenant's queues; the caller never sees it. Empty for most. */
  readonly queuePrefix: string;
  /** When the credential ends, in milliseconds since 1970. Default: never. */
  readonly expiresAtMs?: number;
  /** Default: no limits. */
  readonly quotas?: Quotas | undefined;
  has(scope: Scope): boolean;
  maySubmit(task: string): boolean;
  /** By the name that the caller knows, without the tenant's prefix. */
  mayUseQueue(queue: string): boolean;
  /** Members of requests beside the task and its arguments, such as `priority`. Default: all. */
  readonly options?: ReadonlySet<string> | undefined;
}

/** Whoever calls a gateway that asks nobody to log in: may do everything but what tells about the code. */
export const ANONYMOUS: Caller = {
  id: "anonymous",
  tenant: undefined,
  read: "all",
  queuePrefix: "",
  has: (scope) => scope !== "results:traceback" && scope !== "python-types",
  maySubmit: () => true,
  mayUseQueue: () => true,
};

/**
 * What keys of the state begin with: the same for all requests of a credential, and never that of another tenant or
 * credential. Tenants have no colon in their names.
 */
export function callerKey({ tenant = "", id }: Pick<Caller, "tenant" | "id">): string {
  return `${tenant}:${id}`;
}

/** The queue at the broker, of a name that the caller knows. */
export function toQueue({ queuePrefix }: Pick<Caller, "queuePrefix">, name: string): string {
  return queuePrefix + name;
}

/** The name that the caller knows, of a queue at the broker. */
export function fromQueue({ queuePrefix }: Pick<Caller, "queuePrefix">, name: string): string {
  return name.startsWith(queuePrefix) ? name.slice(queuePrefix.length) : name;
}

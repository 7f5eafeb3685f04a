/** What a credential may do, as data, and the caller that it makes. */
import { ConfigurationError } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";
import { createValidator } from "../validate.ts";
import type { Caller, ReadScope, Scope } from "./caller.ts";
import { globList } from "./globs.ts";
import { ORDINARY_SCOPES } from "./scopes.ts";
import type { Tenants } from "./tenants.ts";

/** So much in so many seconds. */
export interface Quota {
  readonly quota: number;
  /** Seconds; the window begins with the first request in it. */
  readonly window: number;
}

/** What is counted: requests; tasks that are sent, those of workflows and batches one by one; bytes of bodies. */
export type QuotaName = "requests" | "submit" | "bytes";

export type Quotas = Readonly<Partial<Record<QuotaName, Quota>>>;

export interface Policy {
  /** Names of tasks, with `*` and `!`: `["billing.*", "!billing.admin.*"]`. Default: all. */
  readonly submit?: readonly string[];
  /** Names of queues that a request may name, in the same way. Default: all. */
  readonly queues?: readonly string[];
  /** Default: those to send, read and revoke tasks and workflows. */
  readonly scopes?: readonly Scope[];
  /** Which tasks it sees: those it sent, those of its tenant, or all. Default: own. */
  readonly read?: ReadScope;
  /** Members of requests beside the task and its arguments that it may use, such as `queue`. Default: all. */
  readonly options?: readonly string[];
  readonly tenant?: string;
  readonly quotas?: Quotas;
}

const validate = createValidator("AccessPolicy");

/** A policy of a configuration, or one that was stored. Throws ConfigurationError. */
export function checkPolicy(policy: unknown, where: string): Policy {
  try {
    validate(policy);
    // The schema says so.
    const checked = policy as Policy;
    requirePositive(checked);
    return checked;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new ConfigurationError(`The policy of ${where} is wrong: ${error.message}.`, { cause: error });
  }
}

/** Throws Problem `invalid-arguments` for a list that takes away from nothing, which somebody meant as "all but". */
export function requirePositive(policy: Policy): void {
  for (const name of ["submit", "queues"] as const) {
    const patterns = policy[name] ?? [];
    if (patterns.length === 0 || patterns.some((pattern) => !pattern.startsWith("!"))) continue;
    const detail = `"${name}" has only patterns with "!", so it allows nothing; add "*" for all others`;
    throw new Problem("invalid-arguments", {
      detail,
      members: { errors: [{ pointer: `/${name}`, detail }] },
    });
  }
}

export function toCaller(id: string, policy: Policy, tenants: Tenants): Caller {
  const { tenant, read = "own", quotas, options } = policy;
  const scopes = new Set<Scope>(policy.scopes ?? ORDINARY_SCOPES);
  const isAdmin = scopes.has("admin");
  return {
    id,
    tenant,
    read,
    queuePrefix: tenants.prefixOf(tenant),
    quotas: quotas === undefined || Object.keys(quotas).length === 0 ? undefined : quotas,
    has: (scope) => isAdmin || scopes.has(scope),
    maySubmit: globList(policy.submit ?? ["*"]),
    mayUseQueue: globList(policy.queues ?? ["*"]),
    options: options === undefined ? undefined : new Set(options),
  };
}

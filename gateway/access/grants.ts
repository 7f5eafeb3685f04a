/** What an administrator may hand on. One with a tenant stays within it. */
import { Problem } from "../problems.ts";
import type { Caller } from "./caller.ts";
import type { Policy } from "./policy.ts";

/** The policy of a new credential. Throws Problem `insufficient-scope`. */
export function requireGrantable(caller: Caller, policy: Policy): Policy {
  const { tenant } = caller;
  if (tenant === undefined) return policy;
  if (policy.tenant !== undefined && policy.tenant !== tenant)
    throw forbidden(`Keys of other tenants than ${tenant} are not yours to make.`);
  if (policy.read === "all") throw forbidden("A tenant's key cannot read the tasks of all.");
  return { ...policy, tenant };
}

function forbidden(detail: string): Problem {
  return new Problem("insufficient-scope", { detail });
}

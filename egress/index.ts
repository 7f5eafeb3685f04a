/** Calls to URLs that strangers named. */
export { createEgress, type Egress, type EgressRequest } from "./egress.ts";
export type { EgressMethod, EgressOptions, EgressPolicyOptions, Lookup, ResolvedAddress } from "./options.ts";
export {
  EGRESS_FAILURES,
  type EgressAnswer,
  type EgressFailure,
  type EgressFailureReason,
  type EgressOutcome,
} from "./outcome.ts";
export { readRetryAfter } from "./retry-after.ts";
export { ForbiddenUrlError } from "./url-policy.ts";

/** Counts of results: how many vectors of a set an implementation passes. */
import type { Result, Status } from "../run/result.ts";

/** How many vectors passed, of those that were tried, of all. */
export interface Tally {
  readonly passed: number;
  readonly tried: number;
  readonly total: number;
}

/** How much of something an implementation has, after its results. */
export type Support = "full" | "partial" | "incompatible" | "unknown";

/** Results that say nothing of what the implementation does. */
const UNTRIED: ReadonlySet<Status> = new Set(["skip", "disabled"]);

export function isTried({ status }: Pick<Result, "status">): boolean {
  return !UNTRIED.has(status);
}

/** Whether it meets the requirement: a SHOULD that is not met warns, a MUST that warns is met. */
export function isMet({ status, requirement }: Pick<Result, "status" | "requirement">): boolean {
  return status === "pass" || status === "info" || (status === "warn" && requirement !== "should");
}

export function tallyOf(results: readonly Pick<Result, "status" | "requirement">[]): Tally {
  return {
    passed: results.filter(isMet).length,
    tried: results.filter(isTried).length,
    total: results.length,
  };
}

export function supportOf({ passed, tried }: Tally): Support {
  if (tried === 0) return "unknown";
  return passed === tried ? "full" : passed === 0 ? "incompatible" : "partial";
}

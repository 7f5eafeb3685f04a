/** What the outcome of one attempt means. Statuses: Standard Webhooks, section "Failed messages". */
import { EGRESS_FAILURES, type EgressOutcome, readRetryAfter } from "../../egress/index.ts";

/** `delivered`; `again`, perhaps with a pause for the whole target; `over`: no retry would help; `unsaid`: does not count. */
export type Verdict =
  | { readonly kind: "delivered" }
  | { readonly kind: "again"; readonly pauseMs?: number }
  | { readonly kind: "gone" }
  | { readonly kind: "over" }
  | { readonly kind: "unsaid" };

export interface Pauses {
  /** When the target does not say. */
  readonly throttleMs: number;
  readonly maxRetryAfterMs: number;
}

/** Statuses by which a receiver asks for fewer calls. */
const THROTTLING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const GONE = 410;

export function judge(outcome: EgressOutcome, pauses: Pauses, nowMs: number): Verdict {
  if (outcome.kind === "failure") return judgeFailure(outcome.reason);
  const { status, headers } = outcome;
  if (status >= 200 && status <= 299) return { kind: "delivered" };
  if (status === GONE) return { kind: "gone" };
  if (!THROTTLING.has(status)) return { kind: "again" };
  const asked = readRetryAfter(headers["retry-after"], nowMs);
  return { kind: "again", pauseMs: Math.min(asked ?? pauses.throttleMs, pauses.maxRetryAfterMs) };
}

/** One word for metrics. */
export function outcomeWord(outcome: EgressOutcome, verdict: Verdict): string {
  if (outcome.kind === "failure") return outcome.reason;
  if (verdict.kind === "again") return verdict.pauseMs === undefined ? "refused" : "throttled";
  return verdict.kind;
}

function judgeFailure(reason: keyof typeof EGRESS_FAILURES): Verdict {
  if (reason === "aborted") return { kind: "unsaid" };
  // A redirect may be a page for maintenance, so that it is a failure as any other status.
  return { kind: EGRESS_FAILURES[reason].mayPass || reason === "redirect_refused" ? "again" : "over" };
}

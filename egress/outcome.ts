/** What comes of a call: an answer, whatever its status, or a failure. */
import type { IncomingHttpHeaders } from "node:http";

export type EgressFailureReason =
  | "url_forbidden"
  | "request_invalid"
  | "redirect_refused"
  | "lookup_failed"
  | "connection_failed"
  | "bad_answer"
  | "timeout"
  | "aborted";

/** Why there is no answer, and whether calling again later may help. */
export const EGRESS_FAILURES: Readonly<
  Record<EgressFailureReason, { readonly mayPass: boolean; readonly means: string }>
> = {
  url_forbidden: { mayPass: false, means: "The URL, or an address of its name, may not be called." },
  request_invalid: { mayPass: false, means: "A header of the call may not be chosen, or cannot be sent." },
  redirect_refused: { mayPass: false, means: "The answer was a redirect, which is not followed." },
  lookup_failed: { mayPass: true, means: "The name could not be resolved." },
  connection_failed: {
    mayPass: true,
    means: "There was no connection, or it broke; TLS and proxies included.",
  },
  bad_answer: { mayPass: true, means: "The answer was not HTTP, or its headers were too large." },
  timeout: { mayPass: true, means: "The answer was not complete in time." },
  aborted: { mayPass: true, means: "The caller gave up, or the egress was closed." },
};

export interface EgressAnswer {
  readonly kind: "answer";
  readonly status: number;
  /** With lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** The bytes as they came: an answer that is compressed although we ask for none is not inflated. */
  readonly body: Buffer;
  /** True when the body was longer than the limit; the rest was not read. */
  readonly truncated: boolean;
}

export interface EgressFailure {
  readonly kind: "failure";
  readonly reason: EgressFailureReason;
  readonly message: string;
  /** The status, when the call got that far. */
  readonly status?: number;
}

export type EgressOutcome = EgressAnswer | EgressFailure;

export function egressFailure(reason: EgressFailureReason, message: string, status?: number): EgressFailure {
  return { kind: "failure", reason, message, ...(status === undefined ? {} : { status }) };
}

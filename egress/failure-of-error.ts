/** What the errors of a call mean. */
import { errors } from "undici";
import { toError } from "../protocol/index.ts";
import { LookupError } from "./connector.ts";
import { type EgressFailure, type EgressFailureReason, egressFailure } from "./outcome.ts";
import { ForbiddenUrlError } from "./url-policy.ts";

/** What an error of undici or of the guard means. */
export function failureOfError(thrown: unknown, status?: number): EgressFailure {
  const error = toError(thrown);
  return egressFailure(reasonOf(error), messageOf(error), status);
}

function reasonOf(error: Error): EgressFailureReason {
  if (error instanceof ForbiddenUrlError) return "url_forbidden";
  if (error instanceof LookupError) return "lookup_failed";
  if (error instanceof errors.InvalidArgumentError) return "request_invalid";
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
    return "bad_answer";
  if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError)
    return "aborted";
  return "connection_failed";
}

/** Several addresses that failed come as an AggregateError without a message. */
function messageOf(error: Error): string {
  if (error.message !== "") return error.message;
  return error instanceof AggregateError
    ? error.errors.map((each) => toError(each).message).join("; ")
    : error.name;
}

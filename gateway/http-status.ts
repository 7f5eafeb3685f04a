/** The one place where the project's error codes meet HTTP. */
import { CelerityError, type ErrorCode } from "../protocol/index.ts";
import { Problem, type ProblemName } from "./problems.ts";
import { StateError } from "./state/state-error.ts";

/** Codes that a request can end in. Those of decoding come from stored results: bodies are checked by other means. */
const PROBLEM_OF_CODE: Partial<Readonly<Record<ErrorCode, ProblemName>>> = {
  bad_eta: "bad-eta",
  unencodable: "invalid-arguments",
  unroutable: "unroutable-queue",
  broker_unavailable: "broker-unavailable",
  broker_unconfirmed: "broker-unavailable",
  broker_refused: "broker-refused",
  backend_unavailable: "result-store-unavailable",
  closed: "temporary-reduced-capacity",
  bad_result: "bad-result",
  bad_body: "bad-result",
  bad_encoding: "bad-result",
  bad_compression: "bad-result",
  content_refused: "bad-result",
  too_deep: "bad-result",
  too_large: "bad-result",
};

/** Codes whose message is about the request, and safe to show; the others may name servers. */
const SHOWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["bad_eta", "unencodable"]);

/** What the caller is told about any thrown value. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof StateError) return new Problem("state-unavailable");
  if (!(thrown instanceof CelerityError)) return new Problem("internal-error");
  const type = PROBLEM_OF_CODE[thrown.code] ?? "internal-error";
  return new Problem(type, SHOWN.has(thrown.code) ? { detail: thrown.message } : {});
}

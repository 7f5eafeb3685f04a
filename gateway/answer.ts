/** An answer as a value: what a route could send, and what a repeated request gets again. */
import type { AcceptedSummary } from "./accepted-answer.ts";
import type { Exchange } from "./exchange.ts";
import { PROBLEMS, type Problem, problemHeaders, problemMembers } from "./problems.ts";

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Some of the work could not be done now: who repeats the request with its key has the rest done. */
  readonly isUnfinished?: boolean;
  /** It is acceptedAnswer() of this, and need not be kept as a whole. */
  readonly accepted?: AcceptedSummary;
}

export const PROBLEM_TYPE = "application/problem+json";

export function jsonAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, contentType: "application/json", text, headers };
}

export function problemAnswer(problem: Problem, base: string): Answer {
  return {
    status: PROBLEMS[problem.type].status,
    contentType: PROBLEM_TYPE,
    text: JSON.stringify(problemMembers(problem, base)),
    headers: problemHeaders(problem),
  };
}

export function sendAnswer(exchange: Exchange, { status, contentType, text, headers }: Answer): void {
  exchange.send(status, contentType, text, headers);
}

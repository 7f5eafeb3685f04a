/** How a request ends badly: the error that is thrown, and what its caller is told (RFC 9457). */
import { PROBLEMS, type ProblemName } from "./problem-types.ts";

export { PROBLEMS, type ProblemName, type ProblemType } from "./problem-types.ts";

/** One thing wrong with a request's body. */
export interface FieldError {
  /** JSON Pointer into the body. */
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  /** What happened this time; default: the type's text. */
  readonly detail?: string;
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Close the connection after the answer: the rest of the request is not read. */
  readonly close?: boolean;
}

/** Ends a request. Thrown anywhere below the dispatcher, which answers with it; never leaves the gateway. */
export class Problem extends Error {
  override readonly name: string = "Problem";
  readonly type: ProblemName;
  readonly options: ProblemOptions;

  constructor(type: ProblemName, options: ProblemOptions = {}) {
    super(options.detail ?? PROBLEMS[type].text);
    this.type = type;
    this.options = options;
  }
}

/** The body's members. `base` is the path the gateway is mounted at. */
export function problemMembers(problem: Problem, base: string): Record<string, unknown> {
  const { status, title, uri } = PROBLEMS[problem.type];
  return {
    type: uri ?? `${base}/problems/${problem.type}`,
    title,
    status,
    detail: problem.message,
    ...problem.options.members,
  };
}

/** The headers that the answer needs beside those of every JSON answer. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const { retryAfterSeconds } = PROBLEMS[problem.type];
  return {
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    ...(problem.options.close === true ? { connection: "close" } : {}),
    ...problem.options.headers,
  };
}

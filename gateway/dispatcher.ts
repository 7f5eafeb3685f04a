/** Runs a request: finds its route, runs it, and turns whatever is thrown into an answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { toProblem } from "./http-status.ts";
import { PROBLEMS, Problem, problemHeaders, problemMembers } from "./problems.ts";
import type { Match, Router } from "./router.ts";

const PROBLEM_TYPE = "application/problem+json";

/** A request split into what routing needs. */
export interface Target {
  readonly path: string;
  readonly search: string;
  /** The path the gateway is mounted at. */
  readonly base: string;
}

export interface Dispatcher {
  /** Answers, when a route has the path; false when none has, and nothing was done. */
  dispatch(req: IncomingMessage, res: ServerResponse): boolean;
  /** Answers with the problem. */
  refuse(req: IncomingMessage, res: ServerResponse, problem: Problem): void;
}

export function createDispatcher(router: Router, gateway: GatewayContext): Dispatcher {
  const fail = (exchange: Exchange, error: unknown): void => {
    const problem = toProblem(error);
    logFailure(exchange, error, problem, gateway);
    answerWith(exchange, problem);
  };

  const run = async (exchange: Exchange, match: Match): Promise<void> => {
    try {
      const route = match.routes.get(exchange.req.method ?? "");
      if (route === undefined) throw methodNotAllowed(match);
      // Answers that are ready at once cost no turn of the event loop.
      const answering = route.handle(exchange, gateway);
      if (answering !== undefined) await answering;
    } catch (error) {
      fail(exchange, error);
    } finally {
      gateway.held.give(exchange.heldBytes);
    }
  };

  return {
    dispatch(req, res) {
      const { path, search, base } = targetOf(req);
      try {
        requireOneHost(req);
        const match = router.match(path);
        if (match === undefined) return false;
        void run(new Exchange(req, res, { base, search, params: match.params }), match);
      } catch (error) {
        fail(new Exchange(req, res, { base, search, params: {} }), error);
      }
      return true;
    },
    refuse(req, res, problem) {
      fail(new Exchange(req, res, { ...targetOf(req), params: {} }), problem);
    },
  };
}

function targetOf(req: IncomingMessage): Target {
  const { url = "/" } = req;
  const mark = url.indexOf("?");
  // Express sets baseUrl where it mounts a handler.
  const { baseUrl } = req as { baseUrl?: unknown };
  const base = typeof baseUrl === "string" && baseUrl !== "" ? encodeURI(decodeSafely(baseUrl)) : "";
  return mark === -1
    ? { path: url, search: "", base }
    : { path: url.slice(0, mark), search: url.slice(mark + 1), base };
}

function decodeSafely(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Node takes the first of two Host headers; the proxy before it may have taken the second. */
function requireOneHost({ rawHeaders }: IncomingMessage): void {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  if (hosts > 1) {
    throw new Problem("bad-request", { detail: "The request has two Host headers.", close: true });
  }
}

function methodNotAllowed({ routes }: Match): Problem {
  const allow = [...routes.keys()].join(", ");
  return new Problem("method-not-allowed", {
    detail: `This path takes ${allow}.`,
    headers: { allow },
  });
}

function logFailure(exchange: Exchange, error: unknown, problem: Problem, { logger }: GatewayContext): void {
  const { status } = PROBLEMS[problem.type];
  const facts = { problem: problem.type, method: exchange.req.method, path: exchange.req.url };
  if (status === 500) logger.error({ ...facts, err: error }, "A request failed");
  else if (status > 500) logger.warn({ ...facts, err: error }, "A request could not be served");
  else logger.debug({ ...facts, detail: problem.message }, "A request was refused");
}

function answerWith(exchange: Exchange, problem: Problem): void {
  const { res } = exchange;
  // Half an answer cannot be taken back.
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const text = JSON.stringify(problemMembers(problem, exchange.base));
  exchange.send(PROBLEMS[problem.type].status, PROBLEM_TYPE, text, problemHeaders(problem));
}

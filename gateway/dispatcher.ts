/** Runs a request: finds its route, runs it, and turns whatever is thrown into an answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PROBLEM_TYPE } from "./answer.ts";
import type { GatewayContext } from "./context.ts";
import { endAfter, isTooLate } from "./ending-connections.ts";
import { Exchange } from "./exchange.ts";
import { toProblem } from "./http-status.ts";
import { logPath } from "./log-path.ts";
import { PROBLEMS, Problem, problemHeaders, problemMembers } from "./problems.ts";
import { requireParameters } from "./query-check.ts";
import type { Match, Router } from "./router.ts";

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
  const { access, audit, requests } = gateway;
  const fail = (exchange: Exchange, error: unknown): Problem => {
    const problem = toProblem(error);
    logFailure(exchange, error, problem, gateway);
    answerWith(exchange, problem);
    return problem;
  };

  const run = async (exchange: Exchange, match: Match): Promise<void> => {
    const route = match.routes.get(exchange.req.method ?? "");
    const isAudited = route !== undefined && audit?.begin(exchange, route) === true;
    const span = requests.begin(exchange, route);
    let problem: Problem | undefined;
    try {
      if (route === undefined) throw methodNotAllowed(match);
      const admitting = access?.admit(exchange, route);
      if (admitting !== undefined) await admitting;
      requireParameters(exchange, route);
      // Answers that are ready at once cost no turn of the event loop.
      const answering =
        span === undefined
          ? route.handle(exchange, gateway)
          : span.within(() => route.handle(exchange, gateway));
      if (answering !== undefined) await answering;
    } catch (error) {
      problem = fail(exchange, error);
    } finally {
      gateway.held.give(exchange.heldBytes);
    }
    if (isAudited) audit?.end(exchange, route, problem);
    requests.end(exchange, route, span);
  };

  return {
    dispatch(req, res) {
      // Its connection ends as soon as the answer before it is sent.
      if (isTooLate(req)) return true;
      const { path, search, base } = targetOf(req);
      try {
        requireOneHost(req);
        const match = router.match(path);
        if (match === undefined) {
          requests.other(new Exchange(req, res, { base, search, params: {} }));
          return false;
        }
        void run(new Exchange(req, res, { base, search, params: match.params }), match);
      } catch (error) {
        const exchange = new Exchange(req, res, { base, search, params: {} });
        fail(exchange, error);
        requests.end(exchange, undefined);
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

/** Node takes the first of two Host headers; the proxy before it may have taken the second. HTTP/1.0 needs none. */
function requireOneHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  if (hosts === 1 || (hosts === 0 && httpVersion === "1.0")) return;
  const detail = hosts === 0 ? "The request has no Host header." : "The request has two Host headers.";
  throw new Problem("bad-request", { detail, close: true });
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
  const { req, path, requestId } = exchange;
  const facts = { problem: problem.type, method: req.method, path: logPath(path), requestId };
  if (status === 500) logger.error({ ...facts, err: error }, "A request failed");
  // 501: what this gateway is not set up for is no trouble of its.
  else if (status > 501) logger.warn({ ...facts, err: error }, "A request could not be served");
  else logger.debug({ ...facts, detail: problem.message }, "A request was refused");
}

function answerWith(exchange: Exchange, problem: Problem): void {
  const { res } = exchange;
  // Half an answer cannot be taken back.
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (problem.options.close === true) endAfter(exchange.req);
  const { status } = PROBLEMS[problem.type];
  const members = problemMembers(problem, exchange.base);
  // What is our fault is found in our log.
  const text = JSON.stringify(status < 500 ? members : { ...members, request_id: exchange.requestId });
  exchange.send(status, PROBLEM_TYPE, text, problemHeaders(problem));
}

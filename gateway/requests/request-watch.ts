/** Sees every request once it is over: counts it, logs it when that is asked for, and ends its span. */
import { ANONYMOUS } from "../access/caller.ts";
import type { Exchange } from "../exchange.ts";
import { logPath } from "../log-path.ts";
import type { GatewayFacts } from "../metrics/gateway-facts.ts";
import type { GatewayLogger } from "../options.ts";
import type { Route } from "../route.ts";
import { type ServerSpan, startServerSpan } from "./server-span.ts";

export interface RequestWatchOptions {
  readonly facts: GatewayFacts;
  readonly logger: GatewayLogger;
  /** Log a line for each request. */
  readonly accessLog: boolean;
}

/** Answers nobody has given: the caller left before. nginx's number. */
const CLIENT_CLOSED = 499;
/** In place of the pattern of a path that no route has. */
const OTHER = "other";
/** Longest path that is logged, in characters. */
const MAX_PATH = 500;

export class RequestWatch {
  readonly #options: RequestWatchOptions;

  constructor(options: RequestWatchOptions) {
    this.#options = options;
  }

  /** Whether requests are logged. */
  get logs(): boolean {
    return this.#options.accessLog;
  }

  /** A request has come; undefined when nobody traces. */
  begin(exchange: Exchange, route: Route | undefined): ServerSpan | undefined {
    if (this.#options.accessLog || exchange.req.headers["x-request-id"] !== undefined)
      exchange.headers["x-request-id"] = exchange.requestId;
    return route === undefined ? undefined : startServerSpan(exchange, route);
  }

  /** It was dealt with; a stream may go on. */
  end(exchange: Exchange, route: Route | undefined, span?: ServerSpan): void {
    if (exchange.res.writableEnded) this.#over(exchange, route, span);
    else exchange.res.once("close", () => this.#over(exchange, route, span));
  }

  /** A request that Express answers. */
  other(exchange: Exchange): void {
    exchange.res.once("close", () => this.#over(exchange, undefined, undefined));
  }

  #over(exchange: Exchange, route: Route | undefined, span: ServerSpan | undefined): void {
    const { req, res, startedAtMs } = exchange;
    const status = res.headersSent ? res.statusCode : CLIENT_CLOSED;
    const ms = performance.now() - startedAtMs;
    this.#options.facts.answered(req.method ?? "", route?.path ?? OTHER, status, ms / 1000);
    span?.end(status);
    if (this.#options.accessLog) this.#log(exchange, { route: route?.path ?? OTHER, status, ms });
  }

  #log(
    exchange: Exchange,
    { route, status, ms }: { readonly route: string; readonly status: number; readonly ms: number },
  ): void {
    const { req, caller, requestId, sent } = exchange;
    const { method } = req;
    const path = logPath(exchange.path).slice(0, MAX_PATH);
    const taskId = sent[0]?.id ?? (route.startsWith("/v1/tasks/{id}") ? exchange.param("id") : undefined);
    const rounded = Math.round(ms * 10) / 10;
    const facts = {
      method,
      route,
      path,
      status,
      ms: rounded,
      bytes: bytesOf(exchange),
      requestId,
      ...(caller === ANONYMOUS ? {} : { caller: caller.id }),
      ...(taskId === undefined ? {} : { taskId }),
      ...(sent.length > 1 ? { tasks: sent.length } : {}),
    };
    this.#options.logger.info(facts, `${method} ${path} ${status} in ${rounded} ms`);
  }
}

/** Of the body; undefined for streams. */
function bytesOf({ headers, res }: Exchange): number | undefined {
  // Express has headers of its own.
  const length = Number(headers["content-length"] ?? res.getHeader("content-length"));
  return Number.isInteger(length) ? length : undefined;
}

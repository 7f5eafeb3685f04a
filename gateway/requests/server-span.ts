/** OpenTelemetry spans of requests, after the conventions for HTTP servers. Without a provider nothing is made. */
import {
  type Context,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Exchange } from "../exchange.ts";
import { logPath } from "../log-path.ts";
import type { Route } from "../route.ts";

/** Finds its provider when it is used, so that one may come later. */
const tracer: Tracer = trace.getTracer("celerity");

/** A span of a request that is being answered. */
export interface ServerSpan {
  /** Calls the function with the span active, so that what it sends has it as its parent. */
  within<Result>(work: () => Result): Result;
  end(status: number): void;
}

/** Continues the caller's trace, and names the span in the answer's `traceresponse`; undefined when nobody traces. */
export function startServerSpan(exchange: Exchange, route: Route): ServerSpan | undefined {
  const { req } = exchange;
  const parent = propagation.extract(ROOT_CONTEXT, req.headers);
  const span = tracer.startSpan(`${route.method} ${route.path}`, { kind: SpanKind.SERVER }, parent);
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!isSpanContextValid(span.spanContext())) return undefined;
  describe(span, exchange, route);
  exchange.headers["traceresponse"] = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  const inside: Context = trace.setSpan(parent, span);
  return {
    within: (work) => context.with(inside, work),
    end(status) {
      span.setAttribute("http.response.status_code", status);
      if (status >= 500) {
        span.setAttribute("error.type", String(status));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function describe(span: Span, { req, path }: Exchange, route: Route): void {
  if (!span.isRecording()) return;
  span.setAttributes({
    "http.request.method": req.method ?? route.method,
    "http.route": route.path,
    "url.path": logPath(path),
    "url.scheme": "encrypted" in req.socket ? "https" : "http",
  });
}

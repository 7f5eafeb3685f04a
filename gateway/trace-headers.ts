/** Trace context, copied into message headers of the same names: OpenTelemetry's Celery instrumentation reads them there. */
import type { PlainObject } from "../protocol/index.ts";
import type { Exchange } from "./exchange.ts";

const TRACE_HEADERS = ["traceparent", "tracestate", "baggage"] as const;

/** Those that the request has; undefined for none. */
export function traceHeaders({ req }: Exchange): PlainObject | undefined {
  let found: PlainObject | undefined;
  for (const name of TRACE_HEADERS) {
    const value = req.headers[name];
    if (value === undefined) continue;
    found ??= {};
    found[name] = String(value);
  }
  return found;
}

/** An app with tracing, as a user sets it up: in every process that loads it. Spans go to a file, a line of JSON each. */
import { appendFileSync } from "node:fs";
import { context, trace } from "@opentelemetry/api";
import {
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-node";
import { type App, createApp } from "../../app/index.ts";

const exporter: SpanExporter = {
  export(spans, done) {
    for (const span of spans)
      appendFileSync(process.env["SPAN_FILE"] ?? "", `${JSON.stringify(toLine(span))}\n`);
    done({ code: 0 });
  },
  shutdown: async () => undefined,
};

function toLine(span: ReadableSpan): object {
  const { name, kind, attributes, status, events, parentSpanContext } = span;
  const { traceId, spanId } = span.spanContext();
  const happened = events.map((event) => event.name);
  const parent = parentSpanContext?.spanId;
  return { name, kind, attributes, status, happened, traceId, spanId, parent, pid: process.pid };
}

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();

export const app: App = createApp({ onWarning: () => undefined });

app.task("add", (x: number, y: number) => x + y);
app.task("fail", () => {
  throw new RangeError("too far");
});
app.task("again", { bind: true, maxRetries: 1 }, (self) => {
  if (self.request.retries === 0) throw self.retry({ countdown: 0, error: new Error("not yet") });
});
app.task("inner", () => trace.getSpanContext(context.active())?.traceId ?? null);
app.task("outer", async () => {
  await Promise.resolve();
  return (await app.sendTask("inner")).id;
});

/**
 * OpenTelemetry: a span for each task that is sent and for each that runs, in one trace. The context travels in the message
 * headers `traceparent`, `tracestate` and `baggage`, where Python's opentelemetry-instrumentation-celery has it too; names
 * and attributes are those of that package and of the conventions for messaging. Without a provider nothing happens.
 */
import {
  type Attributes,
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
import { type PlainObject, toError } from "../protocol/index.ts";
import type { PreparedTask } from "./producer.ts";

/** Finds its provider when it is used, so that one may come later. */
const tracer: Tracer = trace.getTracer("celerity");

/** The context of a trace as message headers. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** Publishes in a span of its own. Its parent is the active span, else what the message's headers name. */
export function traceSend(
  prepared: PreparedTask,
  brokerUrl: string,
  publish: (prepared: PreparedTask) => Promise<void>,
): Promise<void> {
  const { call, message } = prepared;
  const active = context.active();
  const parent = isTraced(active) ? active : propagation.extract(active, message.headers);
  const span = tracer.startSpan(`apply_async/${call.task}`, { kind: SpanKind.PRODUCER }, parent);
  if (!isSpanContextValid(span.spanContext())) return publish(prepared);
  describeSend(span, prepared, brokerUrl);
  const headers = { ...message.headers };
  propagation.inject(trace.setSpan(parent, span), headers);
  return endWith(span, publish({ ...prepared, message: { ...message, headers } }));
}

function describeSend(span: Span, { id, call, route, message }: PreparedTask, brokerUrl: string): void {
  if (!span.isRecording()) return;
  span.setAttributes({
    ...taskAttributes(call.task, id, call.rootId ?? id, "apply_async", "send"),
    ...placeAttributes(brokerUrl, route.routingKey),
    "messaging.message.body.size": message.body.length,
  });
}

async function endWith(span: Span, sending: Promise<void>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    fail(span, toError(error));
    throw error;
  } finally {
    span.end();
  }
}

/** What is told of a run. */
export interface TracedRun {
  readonly task: string;
  readonly taskId: string;
  readonly rootId: string;
  readonly retries: number;
  /** Of the message. */
  readonly headers: PlainObject;
  readonly brokerUrl: string;
  readonly queue: string;
}

/** A span of a run, to be ended by the caller. */
export interface RunSpan {
  /** Calls the function with the span active. */
  within<Result>(run: () => Result): Result;
  /** The context inside, for messages that the end of the run causes. */
  readonly headers: TraceHeaders;
  /** `error` for a run that failed; `retryReason` for one that runs again. */
  end(how: { readonly state: string; readonly error?: Error; readonly retryReason?: string }): void;
}

/** Continues the trace of the message; undefined when nobody traces. */
export function startRunSpan(run: TracedRun): RunSpan | undefined {
  const parent = propagation.extract(ROOT_CONTEXT, run.headers);
  const span = tracer.startSpan(`run/${run.task}`, { kind: SpanKind.CONSUMER }, parent);
  if (!isSpanContextValid(span.spanContext())) return undefined;
  if (span.isRecording()) {
    span.setAttributes({
      ...taskAttributes(run.task, run.taskId, run.rootId, "run", "process"),
      ...placeAttributes(run.brokerUrl, run.queue),
      "celery.retries": run.retries,
    });
  }
  const inside = trace.setSpan(parent, span);
  const headers: Record<string, string> = {};
  propagation.inject(inside, headers);
  return {
    headers,
    within: (work) => context.with(inside, work),
    end({ state, error, retryReason }) {
      span.setAttribute("celery.state", state);
      if (retryReason !== undefined) span.setAttribute("celery.retry.reason", retryReason);
      if (error !== undefined) fail(span, error);
      span.end();
    },
  };
}

/** Calls the function in the trace that the headers name, for what is done about a task when it no longer runs. */
export function withinTrace<Result>(headers: PlainObject, work: () => Result): Result {
  const named = propagation.extract(ROOT_CONTEXT, headers);
  return isTraced(named) ? context.with(named, work) : work();
}

function isTraced(candidate: Context): boolean {
  const known = trace.getSpanContext(candidate);
  return known !== undefined && isSpanContextValid(known);
}

function fail(span: Span, error: Error): void {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.setAttribute("error.type", error.name);
}

function taskAttributes(
  task: string,
  taskId: string,
  rootId: string,
  action: string,
  operation: "send" | "process",
): Attributes {
  return {
    "celery.action": action,
    "celery.task_name": task,
    "messaging.operation.name": action,
    "messaging.operation.type": operation,
    "messaging.message.id": taskId,
    "messaging.message.conversation_id": rootId,
  };
}

/** Kinds of broker by the scheme of their URL; others are named by their scheme. */
const SYSTEMS: Readonly<Record<string, string>> = { amqp: "rabbitmq", amqps: "rabbitmq", rediss: "redis" };

function placeAttributes(brokerUrl: string, destination: string): Attributes {
  const [scheme = ""] = brokerUrl.split(":");
  return { "messaging.system": SYSTEMS[scheme] ?? scheme, "messaging.destination.name": destination };
}

/** Histories as callers see them. */
import { formatIsoTime } from "../../protocol/index.ts";
import type { TaskEntry } from "../task-index.ts";
import { byTime, type EventFacts, type HistoryEvent, type HistoryType, type RequestFacts } from "./event.ts";

/** One line of a history. */
export interface EventView {
  readonly type: HistoryType;
  readonly at: string;
  readonly worker?: string;
  readonly state?: string;
  readonly retries?: number;
  readonly eta?: string;
  readonly runtime_s?: number;
  readonly exception?: string;
  readonly progress?: unknown;
  readonly detail?: string;
}

/** The body of `GET /v1/tasks/{id}/history`. */
export interface HistoryView {
  readonly id: string;
  /** Name of the task; null when nobody has said it. */
  readonly task: string | null;
  readonly events: readonly EventView[];
  readonly request?: object;
  readonly args?: string;
  readonly kwargs?: string;
}

/** `events` the earliest first. */
export function toHistoryView(
  id: string,
  entry: TaskEntry | undefined,
  events: readonly HistoryEvent[],
  { withArguments }: { readonly withArguments: boolean },
): HistoryView {
  const request = events.find(({ facts }) => facts.request !== undefined)?.facts.request;
  // Who sent it knows best.
  const call = events.find(({ facts }) => facts.args !== undefined || facts.kwargs !== undefined)?.facts;
  return {
    id,
    task: entry?.task ?? null,
    events: inOrder(events).map(toEventView),
    ...(request === undefined ? {} : { request: toRequestView(request) }),
    ...(withArguments && call?.args !== undefined ? { args: call.args } : {}),
    ...(withArguments && call?.kwargs !== undefined ? { kwargs: call.kwargs } : {}),
  };
}

/** The broker may confirm a task when a worker has begun it: it was published before that. */
function inOrder(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const told = events.filter(({ source }) => source !== "").map(({ atMs }) => atMs);
  const firstMs = Math.min(...told);
  return events.flatMap((event) => steps(event, firstMs)).sort(byTime);
}

/** What is kept as one event, and was two: a task is accepted, and then held or published. */
function steps(event: HistoryEvent, firstMs: number): readonly HistoryEvent[] {
  const { state, eta, publishedAtMs } = event.facts;
  if (event.type === "published") return [{ ...event, atMs: Math.min(event.atMs, firstMs) }];
  if (event.type !== "accepted") return [event];
  const due = eta === undefined ? {} : { eta };
  const accepted = { ...event, facts: due };
  if (publishedAtMs !== undefined) {
    const atMs = Math.max(event.atMs, Math.min(publishedAtMs, firstMs));
    return [accepted, { ...event, type: "published", atMs, facts: {} }];
  }
  return state === "SCHEDULED" ? [accepted, { ...event, type: "held", facts: due }] : [accepted];
}

function toEventView({ type, atMs, facts }: HistoryEvent): EventView {
  const { runtime } = facts;
  return {
    type,
    at: formatIsoTime(atMs),
    ...picked(facts),
    ...(runtime === undefined ? {} : { runtime_s: runtime }),
  };
}

const SHOWN = ["worker", "state", "retries", "eta", "exception", "progress", "detail"] as const;

function picked(facts: EventFacts): Partial<EventFacts> {
  return Object.fromEntries(
    SHOWN.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]])),
  );
}

function toRequestView({ userAgent, traceId, ...facts }: RequestFacts): object {
  return { ...facts, user_agent: userAgent, trace_id: traceId };
}

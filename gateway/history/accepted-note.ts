/** A task that was accepted, as a request leaves it behind: small, and made into an event when nobody waits. */
import type { Exchange } from "../exchange.ts";
import type { TaskEntry } from "../task-index.ts";
import { clipped, type HistoryEvent, type RequestFacts } from "./event.ts";

/** Reprs of the arguments, as the message has them. */
export interface CallReprs {
  readonly argsrepr: string;
  readonly kwargsrepr: string;
}

export interface AcceptedNote {
  readonly entry: TaskEntry;
  /** When it was planned; milliseconds since 1970. */
  readonly atMs: number;
  readonly args: string | undefined;
  readonly kwargs: string | undefined;
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly traceparent: string | string[] | undefined;
}

const TRACE_ID = /^[0-9a-f]{2}-([0-9a-f]{32})-/;
const MAX_PATH = 500;
const MAX_AGENT = 300;

/** `entry` as it went into the index, once the broker had the task. */
export function noteAccepted(
  { req }: Exchange,
  entry: TaskEntry,
  atMs: number,
  call: CallReprs | undefined,
): AcceptedNote {
  const { method, url, headers } = req;
  return {
    entry,
    atMs,
    // Nothing that holds the arguments themselves.
    args: call?.argsrepr,
    kwargs: call?.kwargsrepr,
    method,
    url,
    address: req.socket.remoteAddress,
    userAgent: headers["user-agent"],
    traceparent: headers["traceparent"],
  };
}

export function toAcceptedEvent(note: AcceptedNote): HistoryEvent {
  const { entry, atMs, args, kwargs } = note;
  const isHeld = entry.state === "SCHEDULED";
  const facts = {
    state: entry.state,
    request: requestOf(note),
    ...(isHeld ? {} : { publishedAtMs: Math.max(atMs, entry.submittedAtMs) }),
    ...(entry.etaMs === null ? {} : { eta: new Date(entry.etaMs).toISOString() }),
    ...(args === undefined ? {} : { args: clipped(args) }),
    ...(kwargs === undefined ? {} : { kwargs: clipped(kwargs) }),
  };
  return { taskId: entry.id, type: "accepted", atMs, source: "", facts };
}

function requestOf(note: AcceptedNote): RequestFacts {
  const { entry, method = "", url = "", address = null, userAgent, traceparent } = note;
  const traceId = typeof traceparent === "string" ? TRACE_ID.exec(traceparent)?.[1] : undefined;
  return {
    method,
    path: url.split("?", 1)[0]?.slice(0, MAX_PATH) ?? "",
    credential: entry.owner ?? "",
    address,
    userAgent: userAgent?.slice(0, MAX_AGENT) ?? null,
    traceId: traceId ?? null,
  };
}

/** One thing that happened to a task, as it is kept. */

/** In the order in which they happen, for those of the same moment. */
export const HISTORY_TYPES = [
  "accepted",
  "held",
  "published",
  "replayed",
  "sent",
  "received",
  "started",
  "progress",
  "retried",
  "succeeded",
  "failed",
  "revoked",
  "rejected",
  "lost",
  "callback",
] as const;
export type HistoryType = (typeof HISTORY_TYPES)[number];

/** Who asked for a task, and how. */
export interface RequestFacts {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** Id of the credential. */
  readonly credential: string;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly traceId: string | null;
}

/** What is known of an event; what nobody said is absent. */
export interface EventFacts {
  readonly worker?: string;
  readonly state?: string;
  readonly retries?: number;
  /** ISO 8601. */
  readonly eta?: string;
  /** Seconds. */
  readonly runtime?: number;
  readonly exception?: string;
  /** What the task said of itself, as JSON or a repr. */
  readonly progress?: unknown;
  /** In one word or sentence: of a callback, what came of it. */
  readonly detail?: string;
  /** Reprs. */
  readonly args?: string;
  readonly kwargs?: string;
  readonly request?: RequestFacts;
  /** Of an accepted task: when the broker had it, in milliseconds since 1970. */
  readonly publishedAtMs?: number;
}

export interface HistoryEvent {
  readonly taskId: string;
  readonly type: HistoryType;
  /** Milliseconds since 1970, by the clock of whoever it happened to. */
  readonly atMs: number;
  /** Node name of who told of it; "" for gateways. */
  readonly source: string;
  readonly facts: EventFacts;
}

/** Events of one task that are kept, and shown: the first one, and the newest. */
export const MAX_EVENTS = 500;
/** Longest text that is kept of a field, in characters. */
const MAX_TEXT = 4096;

/** The same for whoever hears of the same event: together with the task's id, an event is kept once. */
export function eventKey({ type, atMs, source }: HistoryEvent): string {
  return `${type} ${atMs} ${source}`;
}

/** Text of a bounded length. */
export function clipped(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
}

/** The earliest first. */
export function byTime(one: HistoryEvent, other: HistoryEvent): number {
  return one.atMs - other.atMs || HISTORY_TYPES.indexOf(one.type) - HISTORY_TYPES.indexOf(other.type);
}

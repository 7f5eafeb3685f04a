/** An event as its receiver has it: what it says of itself, under Celery's names. Source: celery/events/receiver.py. */
import { pythonRepr } from "../../protocol/index.ts";

/** What a worker or a client says about itself or a task. */
export interface ClusterEvent {
  /** `task-received`, `worker-heartbeat`, or a type of somebody's own. */
  readonly type: string;
  /** Node name of the sender. */
  readonly hostname: string;
  /** Seconds since 1970, in this host's reckoning of the sender's time zone. */
  readonly timestamp: number;
  /** Logical time. */
  readonly clock: number;
  /** Seconds since 1970, by this host's clock. */
  readonly local_received: number;
  readonly [field: string]: unknown;
}

/** Longest name that is kept: of nodes, tasks, types and ids. */
export const MAX_NAME = 255;
/** Longest text that is kept of a field, in characters. */
const MAX_TEXT = 8192;

/** A name of an acceptable length. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_NAME;
}

/** Text of a bounded length: what is longer is cut, and what is no text becomes its repr. */
export function boundedText(value: unknown): string {
  const text = typeof value === "string" ? value : pythonRepr(value);
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`;
}

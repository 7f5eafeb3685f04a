/** A task whose end is awaited, as it lies in the store. */
import type { TaskEntry } from "../task-index.ts";
import type { Audience, Target } from "./callback.ts";

export interface Watch extends Pick<Audience, "base" | "trace"> {
  readonly entry: TaskEntry;
  /** Prefix of its tenant's keys. */
  readonly prefix: string;
  readonly targets: readonly Target[];
  /** When the task was sent for the first time: a request that is repeated may send it again. */
  readonly firstSentAtMs: number;
  /** How often somebody looked for the result. */
  readonly looks: number;
}

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;

/** The time in an id that the gateway made for one task only; undefined for an id that a repeated request has again. */
export function timeOfTaskId(id: string): number | undefined {
  return UUID_7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

export function readWatch(text: string): Watch {
  return JSON.parse(text) as Watch; // What stands there, the watcher wrote.
}

/** Milliseconds until the next look: each wait is twice the one before. */
export function nextLookMs(
  looks: number,
  {
    firstLookSeconds,
    maxLookSeconds,
  }: { readonly firstLookSeconds: number; readonly maxLookSeconds: number },
): number {
  return Math.min(maxLookSeconds, firstLookSeconds * 2 ** Math.min(looks, 30)) * 1000;
}

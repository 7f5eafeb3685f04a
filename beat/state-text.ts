/** Entry states as text, for seats. */
import { isPlainObject } from "../protocol/index.ts";
import type { EntryState } from "./entry.ts";

/** Instants of an entry that are read at most; more than any beat writes. */
const MAX_PENDING = 1000;

export function stateToText({ lastRunAtMs, totalRunCount, pending }: EntryState): string {
  return JSON.stringify({ lastRunAtMs, totalRunCount, pending });
}

/** undefined for what no beat has written. */
export function textToState(text: string): EntryState | undefined {
  try {
    return readState(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** undefined for what no beat has written. */
export function readState(value: unknown): EntryState | undefined {
  if (!isPlainObject(value)) return undefined;
  const { lastRunAtMs, totalRunCount, pending } = value;
  if (!isInstant(lastRunAtMs) || !isInstant(totalRunCount) || !Array.isArray(pending)) return undefined;
  if (pending.length > MAX_PENDING || !pending.every(isInstant)) return undefined;
  return { lastRunAtMs, totalRunCount, pending };
}

function isInstant(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** An entry of a leader, where it stands, and what happens to it just now. */
import type { BeatEntry, EntryState } from "./entry.ts";

export interface Slot {
  entry: BeatEntry;
  state: EntryState;
  /** Another leader has left the pending runs, or sending them has failed: the broker may have them. */
  mayBeSent: boolean;
  /** Failures in a row. */
  failures: number;
  /** Runs caught up without a pause. */
  caughtUp: number;
}

/** Pauses before a run is sent again: the first, doubled until the longest. */
export const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** How long a slot waits after its failures; 0 without any. */
export function pauseMs({ failures }: Slot): number {
  return failures === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}

/** Whether its only run has been sent. */
export function hasRunOnce({ entry, state }: Slot): boolean {
  return entry.oneOff && state.totalRunCount > 0 && state.pending.length === 0;
}

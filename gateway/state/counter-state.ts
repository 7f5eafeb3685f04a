/** What a counter says of its window, wherever that lies. */
import type { CounterLimit, CounterState } from "./state-store.ts";

export interface CounterWindow {
  readonly taken: number;
  readonly endsAtMs: number;
}

/** `window` as it is after the call; undefined: nobody has taken from it, and all of it is there now. */
export function counterState(
  taken: boolean,
  window: CounterWindow | undefined,
  { limit }: CounterLimit,
  nowMs: number,
): CounterState {
  return {
    taken,
    remaining: Math.max(0, limit - (window?.taken ?? 0)),
    resetMs: window === undefined ? 0 : Math.max(0, window.endsAtMs - nowMs),
  };
}

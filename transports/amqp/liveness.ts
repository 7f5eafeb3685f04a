/**
 * Finds connections whose other end is silent: a frozen broker, a network that drops packets. Heartbeats find them too,
 * but only after minutes, and shortening them lets the broker cut off a client that computes for a few seconds.
 */

/** Intervals without an answer, in a row, that end a connection. */
const MAX_SILENT = 2;

export interface LivenessOptions {
  /** 0 switches it off. */
  readonly intervalMs: number;
  /** Whether anything arrived since the last call. */
  readonly takeArrived: () => boolean;
  /** Asks the broker something that it answers at once. */
  readonly ask: () => void;
  readonly onSilent: (silentMs: number) => void;
}

export interface Liveness {
  /** While true, silence is to be expected. */
  setPaused(isPaused: boolean): void;
  stop(): void;
}

export function watchLiveness({ intervalMs, takeArrived, ask, onSilent }: LivenessOptions): Liveness {
  let silent = 0;
  let isPaused = false;
  const check = (): void => {
    // Ticks are counted, not time: a process that was busy for long gets to read what has arrived meanwhile.
    silent = takeArrived() || isPaused ? 0 : silent + 1;
    if (silent >= MAX_SILENT) onSilent(intervalMs * MAX_SILENT);
    else if (!isPaused) ask();
  };
  const timer = intervalMs > 0 ? setInterval(check, intervalMs) : undefined;
  timer?.unref();
  return {
    setPaused(paused) {
      isPaused = paused;
      silent = 0;
    },
    stop: () => clearInterval(timer),
  };
}

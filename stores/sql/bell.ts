/** A bell that remembers: a ring between two waits ends the next wait at once. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, after `durationMs`, or when `signal` aborts; says whether it was rung. */
  wait(durationMs: number, signal?: AbortSignal): Promise<boolean>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(durationMs, signal) {
      if (!rung && signal?.aborted !== true) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, durationMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal?.addEventListener("abort", wake, { once: true });
        });
        if (wake !== undefined) signal?.removeEventListener("abort", wake);
        wake = undefined;
      }
      const heard = rung;
      rung = false;
      return heard;
    },
  };
}

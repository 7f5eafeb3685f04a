/** Background work of one life of the connection. */

export interface Repetition {
  /** Resolves when no run is under way and none will come. Twice is fine. */
  stop(): Promise<void>;
}

/** How long the same trouble is not reported again. */
const QUIET_MS = 60_000;

/**
 * Runs `work` again and again with a pause of about `intervalMs`; a run never overlaps the one before. The pause varies by
 * a tenth, so that processes that started together do not stay together. Errors go to `onError`, now and then.
 */
export function repeat(
  intervalMs: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Repetition {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let reportedAtMs = Number.NEGATIVE_INFINITY;

  const run = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (stopped || performance.now() - reportedAtMs < QUIET_MS) return;
      reportedAtMs = performance.now();
      onError(error);
    }
  };
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        running = run().then(schedule);
      },
      intervalMs * (0.9 + Math.random() * 0.2),
    );
    timer.unref();
  };
  schedule();

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

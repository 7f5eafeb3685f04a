/** Runs a store's sweep in the background from time to time. */
export interface Sweeper {
  start(): void;
  /** Resolves when a sweep that runs has ended. Twice is fine. */
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 30_000;

export function createSweeper(
  sweep: () => Promise<void>,
  onWarning: (message: string, error?: unknown) => void,
): Sweeper {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const run = (): void => {
    running ??= sweep()
      .catch((error: unknown) => onWarning("Expired state of the gateway could not be removed", error))
      .finally(() => {
        running = undefined;
      });
  };

  return {
    start() {
      timer ??= setInterval(run, SWEEP_EVERY_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

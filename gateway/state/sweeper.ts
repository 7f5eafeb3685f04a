/** Runs a store's sweep in the background from time to time. */
export interface Sweeper {
  start(): void;
  /** Resolves when a sweep that runs has ended. Twice is fine. */
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 30_000;
/** While there is more than one sweep removes, so that as much goes as comes, however much that is. */
const SWEEP_AGAIN_MS = 500;

/** `sweep` resolves with whether there may be more. */
export function createSweeper(
  sweep: () => Promise<boolean>,
  onWarning: (message: string, error?: unknown) => void,
): Sweeper {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;

  const run = async (): Promise<void> => {
    let isMore = false;
    try {
      isMore = await sweep();
    } catch (error) {
      onWarning("Expired state of the gateway could not be removed", error);
    }
    if (!isStopped) schedule(isMore ? SWEEP_AGAIN_MS : SWEEP_EVERY_MS);
  };
  const schedule = (inMs: number): void => {
    timer = setTimeout(() => {
      running = run();
    }, inMs).unref();
  };

  return {
    start() {
      if (timer === undefined) schedule(SWEEP_EVERY_MS);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/**
 * How a long-running command ends, as Celery's workers do: SIGTERM and the first Ctrl-C in order, SIGQUIT and a second
 * Ctrl-C at once. A repeated SIGTERM changes nothing, because supervisors signal a whole process group.
 */

export interface Shutdown {
  /** Resolves at the first signal, with its name. */
  readonly requested: Promise<string>;
  /** Aborted when it must be at once. */
  readonly cold: AbortSignal;
}

export function onShutdown(): Shutdown {
  const cold = new AbortController();
  let interrupts = 0;
  const requested = new Promise<string>((resolve) => {
    process.on("SIGTERM", resolve);
    process.on("SIGQUIT", (signal) => {
      cold.abort();
      resolve(signal);
    });
    process.on("SIGINT", (signal) => {
      interrupts += 1;
      if (interrupts === 2) cold.abort();
      if (interrupts > 2) process.exit(1);
      resolve(signal);
    });
  });
  return { requested, cold: cold.signal };
}

/**
 * How a long-running command ends, as Celery's workers do: SIGTERM and the first Ctrl-C in order, SIGQUIT and a second
 * Ctrl-C at once, a third without looking back; where a soft phase comes before, the third ends that. A repeated SIGTERM
 * changes nothing, because supervisors signal a whole process group. REMAP_SIGTERM=SIGQUIT makes SIGTERM mean SIGQUIT, for
 * platforms that send nothing else.
 */

export interface Shutdown {
  /** Resolves at the first signal, with its name. */
  readonly requested: Promise<string>;
  /** Aborted when it must be at once. */
  readonly cold: AbortSignal;
  /** Aborted when there is no time for a soft phase either. */
  readonly now: AbortSignal;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

export interface ShutdownOptions {
  /** Asked when it matters: does a cold shutdown give what runs some time before? */
  readonly hasSoftPhase?: () => boolean;
}

export function onShutdown({ hasSoftPhase = () => false }: ShutdownOptions = {}): Shutdown {
  const cold = new AbortController();
  const now = new AbortController();
  let interrupts = 0;
  const requested = new Promise<string>((resolve) => {
    const quit = (signal: string): void => {
      if (cold.signal.aborted) now.abort();
      cold.abort();
      resolve(signal);
    };
    const isRemapped = process.env["REMAP_SIGTERM"] === "SIGQUIT";
    process.on("SIGTERM", isRemapped ? quit : resolve);
    process.on("SIGQUIT", quit);
    process.on("SIGHUP", resolve);
    process.on("SIGINT", (signal) => {
      interrupts += 1;
      if (now.signal.aborted || (cold.signal.aborted && !hasSoftPhase())) process.exit(1);
      if (interrupts > 1) quit(signal);
      resolve(signal);
    });
  });
  return { requested, cold: cold.signal, now: now.signal };
}

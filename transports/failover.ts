/** In which order brokers are tried, and how long to wait between rounds. */

/** Celery's `broker_failover_strategy`. */
export type FailoverStrategy = "round-robin" | "shuffle";

const FIRST_WAIT_MS = 100;
/** Celery waits up to 30 s; 2 s keeps recovery short, and a try costs next to nothing. */
const LONGEST_WAIT_MS = 2000;

/** The line with its head moved to the end, or in a new random order. */
export function nextInLine<Item>(line: readonly Item[], strategy: FailoverStrategy): readonly Item[] {
  const [head, ...rest] = line;
  if (head === undefined) return line;
  if (strategy === "round-robin") return [...rest, head];
  return line
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

/** Wait before attempt `failures` + 1: doubles up to a limit, with a jitter of one half so that clients spread out. */
export function backoffMs(failures: number): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}

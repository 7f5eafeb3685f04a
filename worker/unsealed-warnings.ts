/** Says which tasks still come without a seal: at once, and then once a minute with how many there were. */

export interface UnsealedWarningsOptions {
  readonly onWarning: (message: string) => void;
  readonly now?: () => number;
}

const EVERY_MS = 60_000;
/** Names that are counted by themselves; strangers choose them, so the rest is counted together. */
const MAX_NAMES = 1000;
const LONGEST_NAME = 100;

interface Count {
  count: number;
  warnedAtMs: number;
}

/** Counts one message without a seal. */
export function createUnsealedWarnings({
  onWarning,
  now = Date.now,
}: UnsealedWarningsOptions): (name: string) => void {
  const counts = new Map<string, Count>();
  return (given) => {
    const name = counts.has(given) || counts.size < MAX_NAMES ? given : "other tasks";
    const known = counts.get(name) ?? { count: 0, warnedAtMs: Number.NEGATIVE_INFINITY };
    counts.set(name, known);
    known.count += 1;
    if (now() - known.warnedAtMs < EVERY_MS) return;
    const shown = JSON.stringify(name.slice(0, LONGEST_NAME));
    onWarning(`${known.count} unsealed of ${shown}: accepted, because messageSealing is "accept-legacy"`);
    known.count = 0;
    known.warnedAtMs = now();
  };
}

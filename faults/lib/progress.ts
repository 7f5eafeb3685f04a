/** Says on standard error which run is on, and every few seconds how far it is. */
import type { Ledger } from "./ledger.ts";

const EVERY_MS = 10_000;

export interface Progress {
  /** Ends it, with a last word. */
  end(word: string): void;
}

/** `what` with its place among all: `[3/46] F1 threads redis`. The ledger is there once the run has begun. */
export function followRun(what: string, ledger: () => Ledger | undefined): Progress {
  const startedAtMs = Date.now();
  const seconds = (): string => `${Math.round((Date.now() - startedAtMs) / 1000)} s`;
  const timer = setInterval(() => {
    const [sent, ended] = [ledger()?.accepted.size ?? 0, ledger()?.ids("end").size ?? 0];
    process.stderr.write(`${what}: ${seconds()}, ${sent} sent, ${ended} ended\n`);
  }, EVERY_MS);
  return {
    end(word) {
      clearInterval(timer);
      process.stderr.write(`${what}: ${word}, ${seconds()}\n`);
    },
  };
}

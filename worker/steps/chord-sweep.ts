/** Looks for chords that got stuck, every resultChordSweepInterval seconds. Several workers may do so at once. */
import type { Bootstep } from "../bootstep.ts";
import { sweepChords } from "../chords/index.ts";

export function chordSweepStep(): Bootstep {
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<unknown> | undefined;
  return {
    name: "chord sweep",
    requires: ["consumer"],
    async start(worker) {
      const { app } = worker;
      const everyMs = app.settings.resultChordSweepInterval * 1000;
      const { joiner } = worker.requireParts();
      if (everyMs === 0 || joiner === undefined) return;
      const backend = await app.backend();
      if (backend.chords?.watch === undefined) return;
      const onWarning = (message: string, error?: unknown): void => worker.warn(message, error);
      timer = setInterval(() => {
        sweeping ??= sweepChords({ backend, joiner, everyMs, onWarning }).finally(() => {
          sweeping = undefined;
        });
      }, everyMs);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}

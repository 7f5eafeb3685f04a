/** Looks for chords that got stuck, every resultChordSweepInterval seconds. Several workers may do so at once. */
import type { Bootstep } from "../bootstep.ts";
import { type ChordJoiner, sweepChords } from "../chords/index.ts";
import type { Worker } from "../worker.ts";

/** The joiner of a started worker; undefined where no results are kept. */
export type JoinerOf = (worker: Worker) => ChordJoiner | undefined;

export function chordSweepStep(joinerOf: JoinerOf): Bootstep {
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<unknown> | undefined;
  return {
    name: "chord sweep",
    requires: ["consumer"],
    async start(worker) {
      const { app } = worker;
      const everyMs = app.settings.resultChordSweepInterval * 1000;
      const joiner = joinerOf(worker);
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

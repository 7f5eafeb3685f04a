/** Tasks that were accepted and left no trace: said to be LOST, as long as nothing is heard of them. */
import type { App } from "../../app/index.ts";
import type { TaskEntry } from "../task-index.ts";
import type { BrokerWatch } from "./broker-watch.ts";

export interface LossesOptions {
  readonly app: App;
  readonly broker: BrokerWatch;
  /** How long a task may leave no trace, in milliseconds. */
  readonly boundMs: number;
  /** Tasks with a longer delay are held here until they are due, in milliseconds. */
  readonly holdAfterMs: number;
  /** Told whenever a task is found to be lost, and since when. */
  readonly onLost?: (entry: TaskEntry, atMs: number) => void;
}

/** Who took a task before its broker forgot it has this long to say so. */
const GRACE_MS = 45_000;

export class Losses {
  readonly #options: LossesOptions;

  constructor(options: LossesOptions) {
    this.#options = options;
  }

  /** The entry with the state LOST for a task that is; for one without a stored result only. */
  judge(entry: TaskEntry): TaskEntry {
    if (entry.state !== "PENDING" || entry.ignoreResult || !this.#options.app.keepsResults) return entry;
    // Who sent it, and whether it was taken back, nobody here knows.
    if (entry.origin === "observed") return entry;
    const lostAtMs = this.#lostAtMs(entry);
    if (lostAtMs === undefined) return entry;
    this.#options.onLost?.(entry, lostAtMs);
    return { ...entry, state: "LOST" };
  }

  /** Milliseconds since 1970, the same whoever asks; undefined for a task that is not lost. */
  #lostAtMs({ submittedAtMs, etaMs }: TaskEntry): number | undefined {
    const { broker, boundMs, holdAfterMs } = this.#options;
    const nowMs = Date.now();
    const dueAtMs = Math.max(submittedAtMs, etaMs ?? 0);
    const sentAtMs = dueAtMs - submittedAtMs > holdAfterMs ? dueAtMs : submittedAtMs;
    const { lostBeforeMs } = broker;
    if (lostBeforeMs !== null && sentAtMs < lostBeforeMs && nowMs > lostBeforeMs + GRACE_MS)
      return lostBeforeMs;
    return nowMs - dueAtMs > boundMs ? dueAtMs + boundMs : undefined;
  }
}

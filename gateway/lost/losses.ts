/** Tasks that were accepted and left no trace: said to be LOST, as long as nothing is heard of them. */
import type { App } from "../../app/index.ts";
import type { TaskEntry } from "../task-index.ts";
import type { BrokerWatch } from "./broker-watch.ts";

export interface LossesOptions {
  readonly app: App;
  readonly broker: BrokerWatch;
  /** How long a task may leave no trace, in milliseconds. */
  readonly boundMs: number;
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
    return this.#isLost(entry) ? { ...entry, state: "LOST" } : entry;
  }

  #isLost({ submittedAtMs, etaMs }: TaskEntry): boolean {
    const { broker, boundMs } = this.#options;
    const nowMs = Date.now();
    const dueAtMs = Math.max(submittedAtMs, etaMs ?? 0);
    const { lostBeforeMs } = broker;
    // A task for later was with the broker all the same, unless it was held here until then.
    if (lostBeforeMs !== null && dueAtMs < lostBeforeMs && nowMs > lostBeforeMs + GRACE_MS) return true;
    return nowMs - dueAtMs > boundMs;
  }
}

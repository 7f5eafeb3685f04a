/**
 * Publishes what callers send, and refuses to while the broker is silent: a caller who is told so at once knows that nothing
 * was sent, and one who waits for a silent broker does not.
 */
import type { App, PreparedTask } from "../app/index.ts";
import { Problem } from "./problems.ts";

/** Silence is counted in looks of a timer, so that this process's own pauses, which keep confirmations waiting, count once. */
const LOOK_MS = 25;

/** What is on its way with one routing key, as long as there is any. */
interface Lane {
  publishing: number;
  /** Looks since one of them has ended. */
  silentLooks: number;
}

export class Publishing {
  readonly #app: App;
  readonly #silenceMs: number;
  readonly #lanes = new Map<string, Lane>();
  #timer: NodeJS.Timeout | undefined;

  /** `silenceMs`: `limits.brokerSilenceMs`. */
  constructor(app: App, silenceMs: number) {
    this.#app = app;
    this.#silenceMs = silenceMs;
  }

  /**
   * Resolves when the broker has the task. Rejects with Problem `temporary-reduced-capacity` when tasks of the same routing key wait
   * and it was silent about all of them for too long.
   */
  async publish(prepared: PreparedTask): Promise<void> {
    const { routingKey } = prepared.route;
    const lane = this.#lanes.get(routingKey) ?? { publishing: 0, silentLooks: 0 };
    if (lane.silentLooks * LOOK_MS >= this.#silenceMs) throw this.#refusal();
    this.#lanes.set(routingKey, lane);
    lane.publishing += 1;
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    try {
      await this.#app.publish(prepared);
    } finally {
      lane.silentLooks = 0;
      lane.publishing -= 1;
      if (lane.publishing === 0) this.#lanes.delete(routingKey);
    }
  }

  #look(): void {
    for (const lane of this.#lanes.values()) lane.silentLooks += 1;
    if (this.#lanes.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #refusal(): Problem {
    return new Problem("temporary-reduced-capacity", {
      detail: `The broker has confirmed none of the tasks that wait for it for ${this.#silenceMs} ms (limits.brokerSilenceMs).`,
    });
  }
}

/**
 * Grows a pool with the work there is, and shrinks it when the work is gone. Celery's rule (celery/worker/autoscale.py),
 * which knows only what the worker holds; this one also looks at the queues. A busy process is never ended for it.
 */
import { ConfigurationError } from "../../protocol/index.ts";
import type { Bootstep } from "../bootstep.ts";
import type { Lane } from "../lane.ts";

/** Scales the first lane within this range. */
export function autoscalerStep({ max, min }: { readonly max: number; readonly min: number }): Bootstep {
  return {
    name: "autoscaler",
    requires: ["consumer"],
    start(worker) {
      const { lanes, connection } = worker.requireParts();
      const [lane] = lanes;
      if (lane === undefined) return;
      if (lane.pool.resize === undefined) {
        const { name } = lane.pool;
        throw new ConfigurationError(
          `The ${name} pool has a fixed size; autoscale needs prefork or threads.`,
        );
      }
      const queueSize = (queue: string): Promise<number> => connection.queueSize(queue);
      const onWarning = (message: string, error?: unknown): void => worker.warn(message, error);
      worker.autoscaler = new Autoscaler({ lane, max, min, queueSize, onWarning });
      worker.autoscaler.start();
    },
    stop: (worker) => worker.autoscaler?.stop(),
  };
}

export interface AutoscalerOptions {
  readonly lane: Lane;
  readonly max: number;
  readonly min: number;
  /** Messages waiting in a queue at the broker. */
  readonly queueSize: (queue: string) => Promise<number>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** How often the queues are looked at, in milliseconds. */
const LOOK_MS = 1000;
/** How long a pool stays as large as it grew, in milliseconds; Celery's AUTOSCALE_KEEPALIVE. */
const KEEP_MS = 30_000;

export class Autoscaler {
  readonly #options: AutoscalerOptions;
  #max: number;
  #min: number;
  #grownAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
    this.#max = options.max;
    this.#min = options.min;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** As `inspect stats` shows it. */
  info(): { readonly max: number; readonly min: number; readonly current: number; readonly qty: number } {
    return { max: this.#max, min: this.#min, current: this.#options.lane.pool.size, qty: this.#held };
  }

  /** Changes the range; what is undefined stays. */
  update(max: number | undefined, min: number | undefined): { readonly max: number; readonly min: number } {
    const [wantedMax, wantedMin] = [max ?? this.#max, min ?? this.#min];
    this.#max = Math.max(1, wantedMax, wantedMin);
    this.#min = Math.min(wantedMax, wantedMin);
    this.#scale(this.#held);
    return { max: this.#max, min: this.#min };
  }

  /** Tasks that run or wait in the worker, and take a place in its pool. */
  get #held(): number {
    const { scheduler } = this.#options.lane;
    return scheduler.active.size - scheduler.besideCount + scheduler.waiting.length;
  }

  async #look(): Promise<void> {
    const { lane, queueSize, onWarning } = this.#options;
    try {
      // What is held beyond the pool's size means that the queues have more: no need to ask.
      const sizes =
        this.#held >= this.#max ? [] : await Promise.all(lane.queues.map(({ name }) => queueSize(name)));
      this.#scale(sizes.reduce((total, size) => total + size, this.#held));
    } catch (error) {
      onWarning("The queues could not be looked at, to scale the pool", error);
    }
  }

  #scale(work: number): void {
    const { lane } = this.#options;
    const { size } = lane.pool;
    const wanted = Math.max(this.#min, Math.min(this.#max, work), 1);
    if (wanted > size) {
      this.#grownAtMs = Date.now();
      lane.resize(wanted - size);
    } else if (wanted < size && Date.now() - this.#grownAtMs > KEEP_MS) lane.resize(wanted - size);
    else if (size > this.#max) lane.resize(this.#max - size);
  }
}

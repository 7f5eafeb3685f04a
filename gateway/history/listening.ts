/** Begins to listen to events, and goes on trying while the broker is away. */
import type { GatewayLogger } from "../options.ts";
import { Problem } from "../problems.ts";

export interface ListeningOptions {
  /** Resolves when events are heard. Rejects with Problem `control-impossible` where there are none. */
  readonly listen: () => Promise<void>;
  readonly logger: Pick<GatewayLogger, "info" | "warn">;
}

const RETRY_MS = 5000;

export class Listening {
  readonly #options: ListeningOptions;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #hasWarned = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  start(): void {
    const { listen, logger } = this.#options;
    listen().catch((error: unknown) => {
      if (this.#isClosed) return;
      if (error instanceof Problem && error.type === "control-impossible") {
        // So it is set up, and nothing that could be mended.
        logger.info(
          {},
          "This broker carries no events: histories of tasks lack what workers in other processes do",
        );
        return;
      }
      if (!this.#hasWarned) logger.warn({ err: error }, "Events of workers cannot be received; trying again");
      this.#hasWarned = true;
      this.#timer = setTimeout(() => this.start(), RETRY_MS).unref();
    });
  }

  /** Twice is fine. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}

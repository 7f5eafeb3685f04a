/** Beat: sends tasks when they are due, for as long as it leads. Any number of beats may share a seat. */
import { toError } from "../protocol/index.ts";
import { type BeatLogger, type BeatOptions, maxIntervalMs, SILENT } from "./beat-options.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { createEntrySource, type EntrySource } from "./entry-source.ts";
import { createSender, type Sender } from "./fire.ts";
import { type Lease, takeLease } from "./lease.ts";
import { Reign } from "./reign.ts";
import { RETRY_MS, type Seat } from "./seat.ts";
import { openAppSeat } from "./seats/open.ts";
import type { ScheduleStore } from "./stores/schedule-store.ts";

/** Throws ConfigurationError for a wrong setting or entry. */
export function createBeat(options: BeatOptions): Beat {
  return new Beat(options);
}

export class Beat {
  readonly seat: Seat;
  readonly store: ScheduleStore | undefined;
  readonly #options: BeatOptions;
  readonly #source: EntrySource;
  readonly #logger: BeatLogger;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  readonly #sender: Sender;
  #isLeader = false;

  constructor(options: BeatOptions) {
    const { app, store, logger = SILENT, clock = SYSTEM_CLOCK } = options;
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
    this.store = store;
    this.#sender = createSender(app);
    this.#source = createEntrySource(app, store, logger);
    this.seat = options.seat ?? openAppSeat(app, (message, error) => logger.warn({ err: error }, message));
  }

  /** Whether this beat is the one that sends. */
  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Runs until {@link stop}; trouble with broker, seat or store is logged and tried again. */
  start(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let trouble = "";
    while (!signal.aborted) {
      try {
        await this.#lead();
        trouble = "";
      } catch (error) {
        // It is tried twice a second, and told once.
        const { message } = toError(error);
        const log = message === trouble ? "debug" : "error";
        trouble = message;
        this.#logger[log]({ err: error }, "Beat cannot lead just now");
      }
      // A little apart from each other.
      await this.#clock.sleep(RETRY_MS * (0.75 + Math.random() / 4), signal);
    }
  }

  /** One term, from beginning to end; nothing while another beat leads. */
  async #lead(): Promise<void> {
    const { app, maxInterval } = this.#options;
    const { settings } = app;
    const lease = await takeLease(this.seat, this.#clock, (error) =>
      this.#logger.warn({ err: error }, "Beat's seat cannot be reached"),
    );
    if (lease === undefined) return;
    this.#logger.info(
      { seat: this.seat.name, term: lease.term },
      `Beat leads (${this.seat.name}, term ${lease.term}).`,
    );
    this.#isLeader = true;
    try {
      const reign = new Reign({
        seat: this.seat,
        lease,
        source: this.#source,
        sender: this.#sender,
        clock: this.#clock,
        logger: this.#logger,
        lockName: settings.beatLockName,
        maxIntervalMs: maxIntervalMs(maxInterval ?? settings.beatMaxLoopInterval, this.#source.mayChange),
        deadlineSeconds: settings.beatCronStartingDeadline,
      });
      await reign.run(this.#stop.signal);
    } finally {
      this.#isLeader = false;
      await this.#endLease(lease);
    }
  }

  async #endLease(lease: Lease): Promise<void> {
    try {
      await lease.end();
    } catch (error) {
      this.#logger.warn(
        { err: error },
        "Beat's seat could not be left; others have it when its lease is over",
      );
    }
    if (lease.over.aborted) this.#logger.warn({}, "Beat does not lead any more.");
  }

  /** Finishes what is being sent, leaves the seat to others, and closes seat and store. Twice is fine. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    const closed = await Promise.allSettled([this.#sender.close(), this.seat.close(), this.store?.close()]);
    for (const result of closed) {
      if (result.status === "rejected")
        this.#logger.error({ err: toError(result.reason) }, "Beat could not close");
    }
  }
}

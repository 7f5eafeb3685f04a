/** The schedules of a gateway: those that a beat of the app obeys, opened when somebody asks for them. */
import type { App } from "../../app/index.ts";
import { openSchedules, type Schedules } from "../../beat/index.ts";
import { BackendError, ConfigurationError } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";

export interface ScheduleBookOptions {
  readonly app: App;
  /** A SQL URL, `database`, or a file as `celerity beat --schedule` takes it. Default: what the app's settings say. */
  readonly place: string | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export class ScheduleBook {
  readonly #options: ScheduleBookOptions;
  #opened: Schedules | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ScheduleBookOptions) {
    this.#options = options;
  }

  /** Asks the store. Throws Problem `schedules-unavailable`. */
  async ask<Result>(question: (schedules: Schedules) => Promise<Result>): Promise<Result> {
    try {
      return await question(this.#open());
    } catch (error) {
      if (error instanceof BackendError && error.code === "backend_unavailable")
        throw unavailable(this.#options, error);
      throw error;
    }
  }

  /** One change at a time, so that nothing comes between what it looked at and what it writes. */
  change<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #open(): Schedules {
    const { app, place, onWarning } = this.#options;
    try {
      this.#opened ??= openSchedules(app, {
        ...(place === undefined ? {} : schedulePlace(place)),
        onWarning,
      });
      return this.#opened;
    } catch (error) {
      if (error instanceof ConfigurationError) throw unavailable(this.#options, error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#opened?.close();
  }
}

/** Where schedules are, as `celerity beat` has it. */
export interface SchedulePlace {
  readonly scheduler: string;
  readonly schedule?: string;
}

/** A place as the options of beat say it. */
export function schedulePlace(place: string): SchedulePlace {
  if (place === "database" || /^[a-z0-9+_]+:\/\//i.test(place)) return { scheduler: place };
  return { scheduler: "file", schedule: place };
}

/** The reason may name servers, so it goes to the log. */
function unavailable({ onWarning }: ScheduleBookOptions, error: Error): Problem {
  onWarning("The store of schedules cannot be used", error);
  return new Problem("schedules-unavailable");
}

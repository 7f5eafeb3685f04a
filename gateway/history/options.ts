/** What a gateway keeps of the past. */
import { ConfigurationError } from "../../protocol/index.ts";

export interface HistoryOptions {
  /** Default true, once there are options of it. */
  readonly enabled?: boolean;
  /** How long a task's history and the statistics are kept, in seconds. Default a week. */
  readonly seconds?: number;
  /** Tasks whose history is kept, about; the oldest go first. Default 100,000, and 10,000 in memory. */
  readonly maxTasks?: number;
  /**
   * Listen to the events of workers, and list tasks that others have sent. Default true; without it the history has what
   * this gateway did itself.
   */
  readonly observed?: boolean;
}

/** The options with their defaults. */
export interface HistorySettings {
  readonly keepMs: number;
  /** undefined: as many as the place is good for. */
  readonly maxTasks: number | undefined;
  readonly observed: boolean;
}

export const DEFAULT_HISTORY_SECONDS: number = 7 * 86_400;
export const DEFAULT_HISTORY_TASKS = 100_000;
/** A kilobyte each, or some. */
export const DEFAULT_MEMORY_TASKS = 10_000;

const MIN_SECONDS = 3600;
const MAX_SECONDS = 366 * 86_400;

/** undefined: no history is kept. Throws ConfigurationError. */
export function historySettings(options: HistoryOptions | undefined): HistorySettings | undefined {
  if (options === undefined || options.enabled === false) return undefined;
  const { seconds = DEFAULT_HISTORY_SECONDS, maxTasks, observed = true } = options;
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS))
    throw new ConfigurationError(
      `history.seconds must be from ${MIN_SECONDS} to ${MAX_SECONDS}; it is ${seconds}.`,
    );
  if (maxTasks !== undefined && !(Number.isInteger(maxTasks) && maxTasks >= 1))
    throw new ConfigurationError(`history.maxTasks must be a whole number above 0; it is ${maxTasks}.`);
  return { keepMs: seconds * 1000, maxTasks, observed };
}

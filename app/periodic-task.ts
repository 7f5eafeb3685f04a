/** What beat sends, as it is written down. The app only keeps it; beat/ reads and runs it. */
import { type PlainObject, pythonRepr, type Signature } from "../protocol/index.ts";
import { toSendOptions } from "./apply-signature.ts";
import type { SendOptions } from "./producer.ts";

/** What becomes of runs that were missed: one instead of all (Celery's way), none, or each (a thousand at most). */
export const CATCH_UP = ["one", "none", "all"] as const;
export type CatchUp = (typeof CATCH_UP)[number];

/** An entry of the setting `beatSchedule`. Source: celery/beat.py ScheduleEntry. */
export interface PeriodicTask {
  readonly task: string;
  /** Seconds, a cron line (`0 4 * * *`), or a schedule of `celerity/beat`, or that as JSON. */
  readonly schedule: unknown;
  /** A function among the values is called at each run, and what it returns is sent: Celery's BeatLazyFunc. */
  readonly args?: readonly unknown[];
  /** Functions as in `args`. */
  readonly kwargs?: PlainObject;
  /** As for `sendTask()`; Celery's spelling (`routing_key`) is read too. `expires` in seconds counts from each run. */
  readonly options?: SendOptions | PlainObject;
  /** Of an interval: rounded down to the day, hour or minute. */
  readonly relative?: boolean;
  /** Default: one. */
  readonly catchUp?: CatchUp;
}

/** How `app.addPeriodicTask()` differs from the signature. */
export interface PeriodicOptions extends Pick<PeriodicTask, "options" | "relative" | "catchUp"> {
  /** Default: the call as Python writes it, `tasks.add(2, 2)`. */
  readonly name?: string;
}

/** The entry, and its name. */
export function toPeriodicTask(
  schedule: unknown,
  signature: Signature,
  { name, options, ...rest }: PeriodicOptions,
): [name: string, task: PeriodicTask] {
  const { task } = signature;
  const { args = [], kwargs = {}, ...own } = toSendOptions(signature);
  return [
    name ?? callText(task, args, kwargs),
    { task, schedule, args, kwargs, options: { ...own, ...options }, ...rest },
  ];
}

/** Source: celery/utils/text.py and kombu/utils/objects.py reprcall. */
function callText(task: string, args: readonly unknown[], kwargs: PlainObject): string {
  const named = Object.entries(kwargs).map(([name, value]) => `${name}=${pythonRepr(value)}`);
  return `${task}(${[...args.map((value) => pythonRepr(value)), ...named].join(", ")})`;
}

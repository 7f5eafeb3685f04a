/** The entries that an app brings along: the setting beatSchedule, what addPeriodicTask() added, and Celery's own. */
import { type App, CATCH_UP, type PeriodicTask, type SendOptions, toSendOptions } from "../app/index.ts";
import { needsCleanup } from "../backends/index.ts";
import { ConfigurationError, isPlainObject, signature, toError } from "../protocol/index.ts";
import type { BeatEntry } from "./entry.ts";
import { parseSchedule, type Schedule } from "./schedules/index.ts";
import { checkName } from "./stores/check-definition.ts";

const CLEANUP = "celery.backend_cleanup";
const CLEANUP_TASK: PeriodicTask = {
  task: CLEANUP,
  schedule: "0 4 * * *",
  options: { expires: 12 * 3600 },
};

/** Throws ConfigurationError that names the entry. Source: celery/beat.py Scheduler.setup_schedule. */
export function appEntries({ settings, periodicTasks }: App): BeatEntry[] {
  const timezone = settings.timezone ?? "UTC";
  const hasCleanup = settings.resultExpires > 0 && needsCleanup(settings.resultBackend ?? "");
  const tasks = new Map<string, PeriodicTask>([
    ...(hasCleanup ? [[CLEANUP, CLEANUP_TASK] as const] : []),
    ...periodicTasks,
    ...Object.entries(settings.beatSchedule),
  ]);
  return [...tasks].map(([name, task]) => {
    try {
      return toEntry(name, task, timezone);
    } catch (error) {
      throw new ConfigurationError(`beatSchedule, entry "${name.slice(0, 200)}": ${toError(error).message}`, {
        cause: error,
      });
    }
  });
}

const FIELDS: ReadonlySet<string> = new Set([
  "task",
  "schedule",
  "args",
  "kwargs",
  "options",
  "relative",
  "catchUp",
] satisfies (keyof PeriodicTask)[]);

function toEntry(name: string, given: PeriodicTask, timezone: string): BeatEntry {
  checkName(name);
  if (!isPlainObject(given) || typeof given.task !== "string" || given.task === "") {
    throw new ConfigurationError('It must be an object with a "task" and a "schedule".');
  }
  const {
    task,
    args = [],
    kwargs = {},
    options = {},
    relative = false,
    catchUp = "one",
  } = given as PeriodicTask;
  const unknown = Object.keys(given).find((field) => !FIELDS.has(field));
  if (unknown !== undefined)
    throw new ConfigurationError(`There is no field "${unknown}"; there are ${[...FIELDS].join(", ")}.`);
  if (!Array.isArray(args)) throw new ConfigurationError("args must be a list.");
  if (!isPlainObject(kwargs)) throw new ConfigurationError("kwargs must be an object.");
  if (!isPlainObject(options)) throw new ConfigurationError("options must be an object.");
  if (!CATCH_UP.includes(catchUp))
    throw new ConfigurationError(`catchUp must be one of ${CATCH_UP.join(", ")}.`);
  const { args: _args, kwargs: _kwargs, ...renamed } = toSendOptions(signature(task, [], {}, { ...options }));
  return {
    name,
    task,
    schedule: readSchedule(given.schedule, relative, timezone),
    args,
    kwargs,
    options: { ...renamed, ...withoutRenamed(options) },
    catchUp,
    oneOff: false,
    startAtMs: undefined,
    expiresAtMs: undefined,
    isStored: false,
    sinceMs: undefined,
    runCount: 0,
  };
}

/** Options in camelCase pass as they are; Celery's spelling has been read. */
function withoutRenamed(options: SendOptions | Readonly<Record<string, unknown>>): SendOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !name.includes("_")));
}

function readSchedule(given: unknown, relative: boolean, timezone: string): Schedule {
  const schedule = parseSchedule(given, { timezone });
  const spec = schedule.toJSON();
  if (!relative || spec.type !== "interval") return schedule;
  return parseSchedule({ ...spec, relative: true }, { timezone });
}

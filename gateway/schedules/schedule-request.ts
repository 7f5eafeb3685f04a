/** From the body of a PUT to a schedule as beat keeps it. */
import { parseSchedule, ScheduleError, type ScheduleSpec } from "../../beat/index.ts";
import { CelerityError, type PlainObject } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";
import { parseDuration, readDelay, readTime } from "../times.ts";

/** The body of `PUT /v1/schedules/{name}`, once its schema has accepted it. */
export interface ScheduleRequest {
  readonly name?: string;
  readonly task: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: PlainObject;
  readonly every?: number | string;
  readonly relative?: boolean;
  readonly cron?: string;
  readonly timezone?: string;
  readonly solar?: { readonly event: string; readonly latitude: number; readonly longitude: number };
  readonly at?: string;
  readonly queue?: string;
  readonly priority?: number;
  readonly expires?: number | string;
  readonly enabled?: boolean;
  readonly one_off?: boolean;
  readonly catch_up?: string;
  readonly start_at?: string;
  readonly expires_at?: string;
  readonly description?: string;
}

/** The ways to say when; a schedule has one of them. */
const WAYS = ["every", "cron", "solar", "at"] as const;

/** Beat's names of fields, and the members they come from. */
const POINTERS: Readonly<Record<string, string>> = {
  "options.queue": "/queue",
  "options.priority": "/priority",
  "options.expires": "/expires",
  oneOff: "/one_off",
  catchUp: "/catch_up",
  startAtMs: "/start_at",
  expiresAtMs: "/expires_at",
};

/** What beat's `put` takes. Throws Problem `invalid-arguments` and `bad-eta`. */
export function toDefinition(name: string, request: ScheduleRequest): PlainObject {
  const { queue, priority, expires, start_at: start, expires_at: end } = request;
  if (request.name !== undefined && request.name !== name)
    throw invalid("/name", "is another name than that in the path");
  return {
    name,
    task: request.task,
    schedule: toSpec(request),
    args: request.args,
    kwargs: request.kwargs,
    options: {
      ...(queue === undefined ? {} : { queue }),
      ...(priority === undefined ? {} : { priority }),
      ...(expires === undefined ? {} : { expires: Math.ceil(readDelay(expires, "/expires")) }),
    },
    enabled: request.enabled,
    oneOff: request.one_off,
    catchUp: request.catch_up,
    startAtMs: start === undefined ? undefined : Date.parse(readTime(start, "/start_at")),
    expiresAtMs: end === undefined ? undefined : Date.parse(readTime(end, "/expires_at")),
    description: request.description,
  };
}

function toSpec(request: ScheduleRequest): ScheduleSpec {
  const [way, other] = WAYS.filter((name) => request[name] !== undefined);
  if (way === undefined) throw invalid("", `must have one of: ${WAYS.join(", ")}`);
  if (other !== undefined)
    throw invalid(`/${other}`, `cannot stand beside "${way}": a schedule has one of them`);
  const { timezone, relative } = request;
  if (timezone !== undefined && way !== "cron") throw invalid("/timezone", 'belongs to "cron"');
  if (relative !== undefined && way !== "every") throw invalid("/relative", 'belongs to "every"');
  return atPointer(`/${way}`, () => parseSchedule(inputOf(request)).toJSON());
}

function inputOf({ every, relative, cron, timezone, solar, at }: ScheduleRequest): unknown {
  if (every !== undefined)
    return { type: "interval", seconds: secondsOf(every), ...(relative === undefined ? {} : { relative }) };
  if (at !== undefined) return { type: "clocked", time: readTime(at, "/at") };
  if (cron === undefined) return { type: "solar", ...solar };
  const spec = parseSchedule(cron).toJSON();
  return timezone === undefined ? spec : { ...spec, timezone };
}

function secondsOf(every: number | string): number {
  const seconds = typeof every === "number" ? every : parseDuration(every);
  if (seconds !== undefined && seconds > 0) return readDelay(seconds, "/every");
  throw invalid("/every", "must be more than 0 seconds, or an ISO 8601 duration such as PT30S");
}

/** What beat refuses, as a problem of the member that it came from. */
export function atPointer<Result>(pointer: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw refusalOf(error, pointer);
  }
}

/** A definition that beat refuses as a problem; anything else as it is. */
export function refusalOf(error: unknown, pointer = ""): unknown {
  if (!(error instanceof CelerityError) || !["bad_config", "missing_package"].includes(error.code))
    return error;
  if (!(error instanceof ScheduleError)) return invalid(pointer, error.message);
  return invalid(POINTERS[error.field] ?? `/${error.field.replaceAll(".", "/")}`, error.message);
}

function invalid(pointer: string, detail: string): Problem {
  return new Problem("invalid-arguments", {
    detail: `${pointer === "" ? "The body" : pointer}: ${detail}`,
    members: { errors: [{ pointer, detail }] },
  });
}

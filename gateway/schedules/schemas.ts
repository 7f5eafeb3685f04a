/** Shapes of schedules, as JSON Schema. */
import { args, id, kwargs, QUEUE_PATTERN, ref, type Schema, state, taskName, time } from "../schema-parts.ts";
import { MAX_DELAY_SECONDS } from "../times.ts";

export type ScheduleSchemaName = "ScheduleRequest" | "Schedule" | "ScheduleList" | "ScheduleTriggered";

const seconds: Schema = { type: ["number", "string"], minimum: 0, maximum: MAX_DELAY_SECONDS };
const uri: Schema = { type: "string", format: "uri-reference" };

const definition = {
  task: taskName,
  args,
  kwargs,
  every: { ...seconds, description: "Seconds, or an ISO 8601 duration.", examples: [30, "PT30S"] },
  relative: {
    type: "boolean",
    description: "Runs of every are rounded down to the full day, hour or minute.",
  },
  cron: {
    type: "string",
    maxLength: 1000,
    description: "Minute, hour, day of the month, month, day of the week, in Celery's grammar.",
    examples: ["0 4 * * mon-fri"],
  },
  timezone: {
    type: "string",
    maxLength: 64,
    description: "Of cron. Default: the app's.",
    examples: ["Europe/Berlin"],
  },
  solar: {
    type: "object",
    required: ["event", "latitude", "longitude"],
    additionalProperties: false,
    properties: {
      event: { type: "string", examples: ["sunrise"] },
      latitude: { type: "number", minimum: -90, maximum: 90 },
      longitude: { type: "number", minimum: -180, maximum: 180 },
    },
  },
  at: { ...time, description: "Once, at this time." },
  queue: { type: "string", pattern: QUEUE_PATTERN },
  priority: { type: "integer", minimum: 0, maximum: 9 },
  expires: { ...seconds, description: "A run that has not started after this time is dropped." },
  enabled: { type: "boolean", default: true, description: "False: paused." },
  one_off: { type: "boolean", description: "Paused after its next run. Default: true with at, else false." },
  catch_up: {
    enum: ["one", "none", "all"],
    description: "What becomes of runs that were missed. Default: one.",
  },
  start_at: { ...time, description: "No run before." },
  expires_at: { ...time, description: "No run from then on." },
  description: { type: "string", maxLength: 10_000 },
} satisfies Readonly<Record<string, Schema>>;

/** A schedule that was read may be sent back as it is: these say nothing in a request. */
const facts: Readonly<Record<string, Schema>> = {
  origin: { enum: ["app", "store"], description: "app: from the app's own code or settings." },
  last_run_at: time,
  total_runs: { type: "integer", minimum: 0 },
  changed_at: time,
  next_due: { type: "array", items: time, description: "The next times; none while it is paused." },
  links: {
    type: "object",
    required: ["self", "pause", "resume", "trigger"],
    properties: { self: uri, pause: uri, resume: uri, trigger: uri },
  },
};

const name: Schema = { type: "string", minLength: 1, maxLength: 200 };

export const SCHEDULE_SCHEMAS: Readonly<Record<ScheduleSchemaName, Schema>> = {
  ScheduleRequest: {
    type: "object",
    description: "A task that is sent again and again; with one of every, cron, solar and at.",
    required: ["task"],
    additionalProperties: false,
    properties: { name, ...definition, ...Object.fromEntries(Object.keys(facts).map((fact) => [fact, {}])) },
  },
  Schedule: {
    type: "object",
    required: ["name", "task", "args", "kwargs", "enabled", "origin", "total_runs", "next_due", "links"],
    // Others may have written it, with names and priorities of their own.
    properties: {
      name,
      ...definition,
      task: { type: "string" },
      queue: { type: "string" },
      priority: { type: "integer" },
      ...facts,
    },
  },
  ScheduleList: {
    type: "object",
    required: ["schedules"],
    properties: {
      schedules: { type: "array", items: ref("Schedule") },
      next: { ...uri, description: "The next page; absent on the last one." },
    },
  },
  ScheduleTriggered: {
    type: "object",
    required: ["id", "task", "state", "links"],
    properties: { id, task: { type: "string" }, state, links: ref("TaskLinks") },
  },
};

/** What several schemas have in common. */
import type { SchemaName } from "./schemas.ts";

/** A JSON Schema; references are `#/components/schemas/{name}`. */
export type Schema = Readonly<Record<string, unknown>>;

export function ref(name: SchemaName): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** Task names; Celery's are dotted Python names. */
export const TASK_NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_.]*$";
/** Task ids; Celery's SQL results have a column of 155 characters. */
export const TASK_ID_PATTERN = "^[A-Za-z0-9._:-]{1,155}$";
/** What queue names may be made of: nothing that is a pattern or a separator to some broker. */
export const QUEUE_PATTERN = "^[A-Za-z0-9._:@-]{1,200}$";

export const id: Schema = {
  type: "string",
  pattern: TASK_ID_PATTERN,
  examples: ["0d7f1c0e-6a2f-4c39-8a53-2f1d9f3a7b11"],
};
export const taskName: Schema = {
  type: "string",
  pattern: TASK_NAME_PATTERN,
  maxLength: 255,
  examples: ["examples.add"],
};
export const state: Schema = {
  type: "string",
  description:
    "SCHEDULED (the gateway holds it until its time), PENDING, RECEIVED, STARTED, RETRY, SUCCESS, FAILURE, REVOKED, LOST (accepted, and no trace of it since; what is heard later counts), or a state of the task's own such as PROGRESS.",
  examples: ["PENDING"],
};
export const tags: Schema = {
  type: "array",
  maxItems: 20,
  uniqueItems: true,
  items: { type: "string", minLength: 1, maxLength: 100, pattern: "^[^\\u0000-\\u001f]+$" },
  examples: [["nightly", "customer:17"]],
};
export const time: Schema = { type: "string", format: "date-time" };
export const args: Schema = { type: "array", items: {}, description: "Positional arguments." };
export const kwargs: Schema = {
  type: "object",
  description: "Keyword arguments.",
  examples: [{ x: 2, y: 3 }],
};
export const ignoreResult: Schema = {
  type: "boolean",
  description: "Store no result. The state cannot be followed then.",
};

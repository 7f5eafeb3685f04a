/** Shapes of rules, as JSON Schema. */
import { ignoreResult, QUEUE_PATTERN, type Schema, taskName } from "../../schema-parts.ts";
import { MAX_DELAY_SECONDS } from "../../times.ts";

/** An HTTP field name, of a sensible length. */
const HEADER_PATTERN = "^[A-Za-z0-9!#$%&'*+.^_|~-]{1,100}$";

export const header: Schema = { type: "string", pattern: HEADER_PATTERN };
const pointer: Schema = { type: "string", maxLength: 1000, description: "JSON Pointer into the body." };
const seconds: Schema = { type: ["number", "string"], minimum: 0, maximum: MAX_DELAY_SECONDS };
const scalar: Schema = { type: ["string", "number", "boolean", "null"] };

/** A place in what came in. */
export const value: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { $ptr: pointer, $header: header, required: { type: "boolean" } },
};

const condition: Schema = {
  type: "object",
  description: "What must stand at a place: one of equals, in, prefix and exists.",
  additionalProperties: false,
  properties: {
    pointer,
    header,
    equals: scalar,
    in: { type: "array", items: scalar, minItems: 1, maxItems: 100 },
    prefix: { type: "string", minLength: 1, maxLength: 1000 },
    exists: { type: "boolean" },
  },
};

/** A value of what came in, or a list or an object of such. */
const template = (type: "array" | "object", description: string): Schema => ({
  type: type === "object" ? type : [type, "object"],
  description,
});

export const MAPPING_RULE: Schema = {
  type: "object",
  description: "Which task is sent, and with what.",
  required: ["task"],
  additionalProperties: false,
  properties: {
    when: {
      ...condition,
      type: ["object", "array"],
      description: "What must hold: a condition, or a list of them. Default: nothing.",
      maxItems: 20,
      items: condition,
    },
    task: {
      ...value,
      type: ["string", "object"],
      pattern: taskName["pattern"],
      maxLength: taskName["maxLength"],
      description: "A name, or a value that is one of the hook's tasks, or that map makes one.",
      properties: {
        $ptr: pointer,
        $header: header,
        map: { type: "object", maxProperties: 1000, additionalProperties: taskName },
        default: taskName,
      },
    },
    args: template(
      "array",
      'Positional arguments. {"$ptr": "/a"} and {"$header": "x-a"} are values of what came in.',
    ),
    kwargs: template("object", "Keyword arguments, likewise."),
    queue: { type: "string", pattern: QUEUE_PATTERN },
    delay: { ...seconds, examples: [30, "PT30S"] },
    expires: { ...seconds, examples: [3600, "PT1H"] },
    priority: { type: "integer", minimum: 0, maximum: 9 },
    ignore_result: ignoreResult,
  },
};

/** The JSON Schema of the steps of scenarios, in one table. */
import { AMQP_WIRE, CALL, type Schema, STORED, WIRE } from "../ccp/schemas.ts";

const TEXT: Schema = { type: "string" };
const NUMBER: Schema = { type: "number" };
const COUNT: Schema = { type: "integer", minimum: 0 };
const MEMBERS: Schema = { $ref: "#/$defs/taggedMembers" };
const TEXTS_BY_NAME: Schema = { type: "object", additionalProperties: TEXT };

interface StepSchema {
  readonly required: Readonly<Record<string, Schema>>;
  readonly optional?: Readonly<Record<string, Schema>>;
}

const ASKED: Readonly<Record<string, Schema>> = { call: CALL, canvas: MEMBERS };
const TASK = { task: TEXT };
const TASK_VIEW = { task: TEXT, view: MEMBERS };

/** What each kind of step has. */
const STEPS: Readonly<Record<string, StepSchema>> = {
  put: {
    required: { as: TEXT, wires: { type: "array", items: WIRE, minItems: 1 } },
    optional: { ...ASKED, changed: { const: true }, chords: { type: "object", additionalProperties: COUNT } },
  },
  publish: { required: { as: TEXT }, optional: ASKED },
  take: {
    required: { wire: AMQP_WIRE, view: MEMBERS },
    optional: { relative: { type: "object", additionalProperties: NUMBER }, queue: TEXT },
  },
  await: { required: TASK_VIEW, optional: { withinMs: COUNT } },
  absent: { required: TASK, optional: { state: TEXT } },
  told: { required: TASK_VIEW },
  expires: { required: { ...TASK, seconds: COUNT } },
  canary: { required: {} },
  control: { required: { method: TEXT }, optional: { arguments: MEMBERS, view: MEMBERS } },
  event: { required: { type: TEXT }, optional: { task: TEXT, view: MEMBERS, times: COUNT } },
  "no-event": { required: { type: TEXT }, optional: TASK },
  queue: { required: { ready: COUNT } },
  dead: { required: TASK },
  kill: { required: {} },
  drain: { required: {} },
  start: { required: {} },
  store: { required: { as: TEXT, stored: STORED } },
  result: { required: TASK_VIEW, optional: { withinMs: COUNT } },
  http: {
    required: { method: TEXT, path: TEXT, status: COUNT },
    optional: {
      headers: TEXTS_BY_NAME,
      body: {},
      fill: COUNT,
      answerHeaders: { type: "object", additionalProperties: { type: ["string", "null"] } },
      answer: { $ref: "#/$defs/tagged" },
      save: TEXTS_BY_NAME,
    },
  },
  pause: { required: { ms: { type: "integer", minimum: 0, maximum: 5000 } } },
};

function toSchema([name, { required, optional = {} }]: [string, StepSchema]): Schema {
  return {
    if: { properties: { do: { const: name } }, required: ["do"] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
    then: {
      properties: {
        do: TEXT,
        weight: { enum: ["must", "should", "info"] },
        reason: TEXT,
        ...required,
        ...optional,
      },
      required: Object.keys(required),
      additionalProperties: false,
    },
  };
}

/** A step; its `do` says which. */
export const STEP: Schema = {
  type: "object",
  properties: { do: { enum: Object.keys(STEPS) } },
  required: ["do"],
  allOf: Object.entries(STEPS).map(toSchema),
};

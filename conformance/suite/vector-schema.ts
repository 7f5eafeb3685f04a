/** The JSON Schema of vector files. */
import { AMQP_WIRE, CALL, DEFINITIONS, type Schema, WIRE } from "../ccp/schemas.ts";
import { SERVER_KINDS, WORKER_USES } from "./scenario.ts";
import { STEP } from "./scenario-schema.ts";
import { LEVELS, ROLES } from "./vector.ts";

const TEXT: Schema = { type: "string" };
const TEXTS: Schema = { type: "array", items: TEXT };
/** What vectors have that are one question. */
const QUESTION = ["view", "expect"];
const BY_NAME: Schema = { type: "object", additionalProperties: TEXT };

const VECTOR: Schema = {
  type: "object",
  properties: {
    id: { type: "string", pattern: "^[a-z0-9]+([.-][a-z0-9]+)*$" },
    since: { type: "string", pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$" },
    level: { enum: Object.keys(LEVELS) },
    requirement: { enum: ["must", "should", "info"] },
    role: { enum: Object.keys(ROLES) },
    command: { enum: ["decode", "encode", "scenario"] },
    features: TEXTS,
    spec: TEXTS,
    recorded: BY_NAME,
    applies: BY_NAME,
    wire: WIRE,
    stored: { type: "object", properties: { serializer: TEXT, body_b64: TEXT } },
    call: { $ref: "#/$defs/taggedMembers" },
    view: { $ref: "#/$defs/taggedMembers" },
    relative: { type: "object", additionalProperties: { type: "number" } },
    expect: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        properties: { outcome: { enum: ["accept", "reject", "encode"] }, as: { enum: ["ok", "nonstrict"] } },
        required: ["outcome", "as"],
        additionalProperties: false,
      },
    },
    worker: { enum: Object.keys(WORKER_USES) },
    brokers: { type: "array", items: { enum: SERVER_KINDS }, minItems: 1 },
    env: BY_NAME,
    canary: AMQP_WIRE,
    ids: BY_NAME,
    times: { type: "object", additionalProperties: { type: "number" } },
    steps: { type: "array", items: STEP, minItems: 1 },
    flags: TEXTS,
    note: TEXT,
  },
  required: [..."id since level requirement role command features spec recorded applies".split(" ")],
  additionalProperties: false,
  oneOf: [
    {
      properties: { command: { const: "encode" }, call: CALL, wire: AMQP_WIRE },
      required: ["call", "wire", ...QUESTION],
    },
    { properties: { command: { const: "decode" } }, required: ["wire", ...QUESTION] },
    { properties: { command: { const: "decode" } }, required: ["stored", ...QUESTION] },
    { properties: { command: { const: "scenario" } }, required: ["worker", "steps"] },
  ],
};

/** For whoever writes vectors, or reads them without this program. */
export const VECTOR_FILE_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    schema: { const: 1 },
    title: TEXT,
    flags: {
      type: "object",
      additionalProperties: {
        type: "object",
        properties: {
          bugType: { enum: ["INTEROP", "DATA_LOSS", "AVAILABILITY", "AUTH_BYPASS", "TRACE_LOSS"] },
          note: TEXT,
        },
        required: ["bugType", "note"],
      },
    },
    vectors: { type: "array", items: VECTOR },
  },
  required: ["schema", "title", "flags", "vectors"],
  additionalProperties: false,
  $defs: DEFINITIONS,
};

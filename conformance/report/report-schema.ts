/** The JSON Schema of report.json. `celerity conformance explain report` prints it. */
import { DEFINITIONS, type Schema } from "../ccp/schemas.ts";
import { STATUSES } from "../run/result.ts";
import { LEVELS, ROLES } from "../suite/vector.ts";

const TEXT: Schema = { type: "string" };
const COUNT: Schema = { type: "integer", minimum: 0 };
const TEXTS: Schema = { type: "array", items: TEXT };
const TAGGED: Schema = { $ref: "#/$defs/tagged" };
const TALLY: Schema = { $ref: "#/$defs/tally" };
const WEIGHT: Schema = { enum: ["must", "should", "info"] };
const SUPPORT: Schema = { enum: ["full", "partial", "incompatible", "unknown"] };

function byName(schema: Schema): Schema {
  return { type: "object", additionalProperties: schema };
}

function object(
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema {
  return { type: "object", properties: { ...required, ...optional }, required: Object.keys(required) };
}

const ADAPTER: Schema = object(
  { name: TEXT, language: TEXT, version: TEXT, roles: TEXTS, features: { type: "object" } },
  { homepage: TEXT, issues: TEXT },
);

const FLAG: Schema = object({
  bugType: { enum: ["INTEROP", "DATA_LOSS", "AVAILABILITY", "AUTH_BYPASS", "TRACE_LOSS"] },
  note: TEXT,
});

/** `expected` or `actual` is left out where nothing is there. */
const DIFFERENCE: Schema = object(
  { weight: WEIGHT, path: TEXT },
  { expected: TAGGED, actual: TAGGED, reason: TEXT },
);

const RESULT: Schema = object(
  {
    id: TEXT,
    status: { enum: Object.keys(STATUSES) },
    level: { enum: Object.keys(LEVELS) },
    requirement: WEIGHT,
    role: { enum: Object.keys(ROLES) },
    command: TEXT,
    features: TEXTS,
    took_ms: { type: "number" },
    message: TEXT,
    differences: { type: "array", items: DIFFERENCE },
    spec: TEXTS,
    recorded: byName(TEXT),
  },
  {
    bytes: byName(TEXT),
    spoken: object({ command: TEXT }, { answer: TEXT }),
    transcript: TEXTS,
    flags: TEXTS,
    note: TEXT,
  },
);

const PROFILE: Schema = object({ state: { enum: ["passed", "failed", "incomplete"] }, must: TALLY });

/** Members that it does not name may be added without a new version of the form. */
export const REPORT_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...object(
    {
      schema: { const: 1 },
      runner: TEXT,
      vectors: TEXT,
      adapter: ADAPTER,
      replay: TEXTS,
      started_at: TEXT,
      took_ms: { type: "number" },
      exit_code: { enum: [0, 1, 2] },
      totals: object(Object.fromEntries(Object.keys(STATUSES).map((status) => [status, COUNT]))),
      levels: byName(object({ about: TEXT, must: TALLY, should: TALLY, info: TALLY })),
      features: byName({
        allOf: [TALLY, object({ support: SUPPORT })],
      }),
      profiles: byName(PROFILE),
      flags: byName(FLAG),
      results: { type: "array", items: RESULT },
      stderr: TEXT,
    },
    { broker: TEXT },
  ),
  $defs: { ...DEFINITIONS, tally: object({ passed: COUNT, tried: COUNT, total: COUNT }) },
};

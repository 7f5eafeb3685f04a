/** Shapes of hooks, as JSON Schema. */
import { ref, type Schema, taskName, time } from "../schema-parts.ts";
import { MAX_DELAY_SECONDS } from "../times.ts";
import { DELIVERY_SCHEMAS, type DeliverySchemaName } from "./delivery-schemas.ts";
import { BODY_FORMATS, HOOK_DEFAULTS, HOOK_NAME, VERIFIER_NAMES } from "./hook-options.ts";
import { header, MAPPING_RULE, value } from "./mapping/schemas.ts";

export type HookSchemaName =
  | "HookRequest"
  | "MappingRule"
  | "Hook"
  | "HookList"
  | "HookRotation"
  | "HookSecretMade"
  | DeliverySchemaName;

const uri: Schema = { type: "string", format: "uri-reference" };
const offsetTime: Schema = {
  ...time,
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:Z|[+-]\\d{2}:\\d{2})$",
};
const secretText: Schema = { type: "string", minLength: 1, maxLength: 1000, writeOnly: true };
const validity: Readonly<Record<string, Schema>> = { valid_from: offsetTime, valid_until: offsetTime };

const request: Readonly<Record<string, Schema>> = {
  description: { type: "string", maxLength: 1000 },
  verifier: { enum: VERIFIER_NAMES, description: "How the sender proves who it is." },
  secrets: {
    type: "array",
    description: "Any that is valid now will do. Never shown again. A replaced hook keeps those it has.",
    minItems: 1,
    maxItems: 8,
    items: {
      type: ["string", "object"],
      minLength: 1,
      maxLength: 1000,
      required: ["secret"],
      additionalProperties: false,
      properties: { secret: secretText, ...validity },
    },
  },
  tolerance_seconds: {
    type: "integer",
    minimum: 1,
    maximum: 3600,
    default: HOOK_DEFAULTS.toleranceSeconds,
    description: "How far the time of a signature may be off.",
  },
  hmac: {
    type: "object",
    required: ["header"],
    additionalProperties: false,
    properties: {
      header,
      algorithm: { enum: ["sha256", "sha512"], default: "sha256" },
      encoding: { enum: ["hex", "base64"], default: "hex" },
      prefix: { type: "string", maxLength: 100, examples: ["sha256="] },
      timestamp: {
        type: "object",
        description: "A header with the time in seconds, signed before the body.",
        required: ["header"],
        additionalProperties: false,
        properties: { header, separator: { type: "string", maxLength: 10, default: "." } },
      },
    },
  },
  basic: {
    type: "object",
    required: ["username"],
    additionalProperties: false,
    properties: { username: { type: "string", pattern: "^[^:]{1,200}$" } },
  },
  api_key: {
    type: "object",
    additionalProperties: false,
    properties: {
      header: { ...header, default: "x-api-key" },
      prefix: { type: "string", maxLength: 100, examples: ["Bearer "] },
    },
  },
  format: { enum: BODY_FORMATS, description: "Of the body. Default: JSON or a form, as Content-Type says." },
  json_fields: {
    type: "array",
    description: "Fields of a form that hold JSON.",
    maxItems: 20,
    items: { type: "string", maxLength: 200 },
    examples: [["payload"]],
  },
  delivery_id: {
    ...value,
    description:
      "What tells a delivery from another. Default: what the verifier vouches for; nothing with basic, api-key and none.",
  },
  remember_seconds: {
    type: "integer",
    minimum: 60,
    maximum: MAX_DELAY_SECONDS,
    default: HOOK_DEFAULTS.rememberSeconds,
    description: "How long a delivery that comes again is known.",
  },
  tasks: {
    type: "array",
    description: "The only tasks that it may send. Default: those that the rules name.",
    minItems: 1,
    maxItems: 1000,
    items: taskName,
  },
  rules: {
    type: "array",
    description: "The first that fits makes the task.",
    minItems: 1,
    maxItems: 200,
    items: ref("MappingRule"),
  },
  unmatched: { enum: ["ignore", "refuse"], default: "ignore", description: "204, or 422." },
  respond: {
    type: "object",
    description: "The answer for a delivery that was taken. Default: 202 with the task.",
    required: ["status"],
    additionalProperties: false,
    properties: {
      status: { type: "integer", minimum: 200, maximum: 299 },
      body: { type: "string", maxLength: 10_000 },
      content_type: {
        type: "string",
        pattern: "^[\\x20-\\x7e]{1,100}$",
        default: "text/plain; charset=utf-8",
      },
    },
  },
  log: {
    type: "object",
    additionalProperties: false,
    properties: {
      keep: { type: "integer", minimum: 1, maximum: 10_000, default: HOOK_DEFAULTS.keep },
      days: { type: "integer", minimum: 1, maximum: 365, default: HOOK_DEFAULTS.days },
    },
  },
};

/** A hook that was read may be sent back as it is: these say nothing in a request. */
const facts: Readonly<Record<string, Schema>> = {
  name: { type: "string", pattern: HOOK_NAME.source },
  origin: { enum: ["app", "store"], description: "app: from the gateway's own options." },
  secrets_kept: {
    type: "array",
    description: "When each of its secrets counts.",
    items: { type: "object", properties: validity },
  },
  sends: { type: "array", items: { type: "string" }, description: "All tasks that it can ever send." },
  counts: {
    type: "object",
    description: "Deliveries at this gateway since it started.",
    properties: Object.fromEntries(
      ["accepted", "duplicate", "ignored", "failed", "greeted", "refused"].map((name) => [
        name,
        { type: "integer", minimum: 0 },
      ]),
    ),
  },
  last_refusal: {
    type: "object",
    description: "Why this gateway last answered 401.",
    required: ["at", "reason"],
    properties: { at: time, reason: { type: "string" }, hint: { type: "string" } },
  },
  links: {
    type: "object",
    required: ["self", "deliveries"],
    properties: { self: uri, deliveries: uri },
  },
};

export const HOOK_SCHEMAS: Readonly<Record<HookSchemaName, Schema>> = {
  HookRequest: {
    type: "object",
    description: "How deliveries are checked, and which tasks they become.",
    required: ["verifier", "rules"],
    additionalProperties: false,
    properties: { ...request, ...Object.fromEntries(Object.keys(facts).map((fact) => [fact, {}])) },
  },
  Hook: {
    type: "object",
    required: ["name", "origin", "verifier", "rules", "secrets_kept", "sends", "counts", "links"],
    properties: { ...request, ...facts },
  },
  HookList: {
    type: "object",
    required: ["hooks"],
    properties: {
      hooks: { type: "array", items: ref("Hook") },
      next: { ...uri, description: "The next page; absent on the last one." },
    },
  },
  HookRotation: {
    type: "object",
    description: "A new secret, beside those that there are.",
    additionalProperties: false,
    properties: {
      secret: { ...secretText, description: "Default: one that is made up, and shown this once." },
      overlap_seconds: {
        type: "integer",
        minimum: 0,
        maximum: MAX_DELAY_SECONDS,
        default: 24 * 60 * 60,
        description: "How long the others still count.",
      },
    },
  },
  HookSecretMade: {
    type: "object",
    required: ["secret", "others_until"],
    properties: {
      secret: { type: "string", description: "Shown this once." },
      others_until: { ...time, description: "Until then the other secrets count as well." },
    },
  },
  MappingRule: MAPPING_RULE,
  ...DELIVERY_SCHEMAS,
};

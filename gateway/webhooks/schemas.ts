/** Shapes of callbacks, endpoints and deliveries, as JSON Schema. */
import { id, ref, type Schema, time } from "../schema-parts.ts";
import { ENDPOINT_NAME_PATTERN } from "./endpoint.ts";

export type WebhookSchemaName =
  | "Callback"
  | "WebhookEndpointRequest"
  | "WebhookSecretRequest"
  | "WebhookEndpoint"
  | "WebhookEndpointList"
  | "WebhookDelivery"
  | "WebhookDeliveryList"
  | "Jwks";

const uri: Schema = { type: "string", format: "uri-reference" };
const url: Schema = {
  type: "string",
  maxLength: 2048,
  format: "uri",
  examples: ["https://example.com/hooks/tasks"],
};

const name: Schema = { type: "string", pattern: ENDPOINT_NAME_PATTERN, examples: ["billing"] };

const on: Schema = {
  type: "array",
  items: { enum: ["success", "failure", "revoked", "retried"] },
  uniqueItems: true,
  minItems: 1,
  default: ["success", "failure", "revoked"],
  description: "What is told. Retries in quick succession may be told as one.",
};
const mode: Schema = {
  enum: ["full", "thin"],
  default: "full",
  description: "full: with the result or the error. thin: what happened, and where to ask.",
};
const format: Schema = {
  enum: ["webhook", "cloudevents"],
  default: "webhook",
  description: "webhook: {type, timestamp, data}. cloudevents: CloudEvents 1.0 in structured mode.",
};
const secret: Schema = {
  type: "string",
  pattern: "^whsec_[A-Za-z0-9+/]{32,88}={0,2}$",
  description:
    "whsec_ and the base64 of 24 to 64 bytes. Default: one that is generated. Shown in this answer only.",
};
const subscribe: Schema = {
  type: "object",
  description: "Tell it of tasks that do not name it. Without this, callbacks name it.",
  additionalProperties: false,
  properties: {
    on,
    tasks: {
      type: "array",
      maxItems: 100,
      default: [],
      items: { type: "string", pattern: "^!?[A-Za-z0-9_.*]+$", maxLength: 255 },
      description:
        "Names of tasks: * stands for any characters, ! before one takes it away. Empty: all tasks.",
      examples: [["billing.*", "!billing.admin.*"]],
    },
  },
};

export const WEBHOOK_SCHEMAS: Readonly<Record<WebhookSchemaName, Schema>> = {
  Callback: {
    type: "object",
    description: "Who is told how the task ends: a URL, or an endpoint by its name. One of the two.",
    additionalProperties: false,
    properties: {
      url,
      endpoint: { ...name, description: "Its mode and format count where these say nothing." },
      on,
      mode,
      format,
    },
  },
  WebhookEndpointRequest: {
    type: "object",
    required: ["url"],
    additionalProperties: false,
    properties: {
      url,
      secret,
      subscribe,
      mode,
      format,
      consent: {
        type: "boolean",
        description:
          "Ask the URL with OPTIONS and WebHook-Request-Origin whether it wants to be called. Default: true for callers of a tenant, else false.",
      },
      disabled: { type: "boolean", description: "Default: as it was." },
    },
  },
  WebhookSecretRequest: {
    type: "object",
    additionalProperties: false,
    properties: {
      secret,
      overlap: {
        type: "integer",
        minimum: 0,
        maximum: 2_592_000,
        default: 86_400,
        description: "Seconds for which the secrets so far sign as well.",
      },
    },
  },
  WebhookEndpoint: {
    type: "object",
    required: ["name", "url", "mode", "format", "consent", "disabled", "created_at", "changed_at", "links"],
    properties: {
      name,
      url,
      secret: { type: "string", description: "Only in the answer that made or changed it." },
      subscribe,
      mode,
      format,
      consent: { type: "boolean" },
      disabled: { type: "boolean" },
      disabled_reason: {
        enum: ["caller", "gone", "failing"],
        description: "caller: it was asked for. gone: it answered 410. failing: nothing reached it for days.",
      },
      disabled_at: time,
      failing_since: time,
      created_at: time,
      changed_at: time,
      links: {
        type: "object",
        required: ["self", "enable", "disable", "rotate_secret", "test", "deliveries"],
        properties: {
          self: uri,
          enable: uri,
          disable: uri,
          rotate_secret: uri,
          test: uri,
          deliveries: uri,
        },
      },
    },
  },
  WebhookEndpointList: {
    type: "object",
    required: ["endpoints"],
    properties: {
      endpoints: { type: "array", items: ref("WebhookEndpoint") },
      next: { ...uri, description: "The next page; absent on the last one." },
    },
  },
  WebhookDelivery: {
    type: "object",
    required: ["id", "task_id", "task", "type", "url", "status", "attempted", "created_at", "links"],
    properties: {
      id: {
        ...id,
        description: "The webhook-id: the same for every attempt.",
        examples: ["wh_ff0123456789_A"],
      },
      task_id: { type: "string" },
      task: { type: "string" },
      type: { type: "string", examples: ["celery.task.succeeded"] },
      endpoint: name,
      url: { type: "string" },
      status: { enum: ["pending", "delivered", "failed"] },
      reason: {
        enum: ["attempts-used-up", "gone", "endpoint-disabled", "endpoint-removed", "not-sendable"],
        description: "Why nothing more is tried.",
      },
      attempted: { type: "integer", minimum: 0, description: "Attempts so far." },
      attempts: {
        type: "array",
        description: "The newest attempts; only when one delivery is asked for.",
        items: {
          type: "object",
          required: ["attempt", "at", "ms"],
          properties: {
            attempt: { type: "integer", minimum: 1, description: "The webhook-attempt." },
            at: time,
            ms: { type: "integer", minimum: 0 },
            status: { type: "integer" },
            error: { type: "string" },
            answer: { type: "string", description: "The first 1024 bytes." },
          },
        },
      },
      created_at: time,
      next_at: { ...time, description: "When it is tried again." },
      links: {
        type: "object",
        required: ["self", "redeliver"],
        properties: { self: uri, task: uri, redeliver: uri },
      },
    },
  },
  WebhookDeliveryList: {
    type: "object",
    required: ["deliveries"],
    properties: {
      deliveries: { type: "array", items: ref("WebhookDelivery") },
      next: { ...uri, description: "The next page, which may be empty; absent on the last one." },
    },
  },
  Jwks: {
    type: "object",
    description: "Public keys, as RFC 7517 has them.",
    required: ["keys"],
    properties: { keys: { type: "array", items: { type: "object" } } },
  },
};

/** Shapes of credentials and their policies, as JSON Schema. */
import { ref, type Schema, time } from "../schema-parts.ts";
import { SCOPES } from "./scopes.ts";

export type AccessSchemaName = "AccessPolicy" | "ApiKeyRequest" | "ApiKey" | "ApiKeyCreated" | "ApiKeyList";

/** Names of tenants: they begin keys, so that they hold no separator. */
export const TENANT_PATTERN = "^[A-Za-z0-9._-]{1,64}$";

const patterns = (description: string, examples: readonly string[]): Schema => ({
  type: "array",
  maxItems: 100,
  items: { type: "string", pattern: "^!?[A-Za-z0-9_.*:@-]{1,255}$" },
  description,
  examples: [examples],
});

const quota: Schema = {
  type: "object",
  required: ["quota", "window"],
  additionalProperties: false,
  properties: {
    quota: { type: "integer", minimum: 1, maximum: 999_999_999_999 },
    window: { type: "integer", minimum: 1, maximum: 2_592_000, description: "Seconds." },
  },
};

const proof: Schema = {
  type: "string",
  enum: ["key", "certificate", "hmac", "ed25519"],
  description:
    "How callers show who they are: by the key itself, a TLS client certificate, or signed requests (RFC 9421).",
};

const facts = {
  name: { type: "string", minLength: 1, maxLength: 100, description: "For people." },
  proof,
  thumbprint: {
    type: "string",
    pattern: "^[A-Za-z0-9_-]{43}$",
    description:
      "SHA-256 of a client certificate in base64url (x5t#S256 of RFC 8705). Requests count only over a connection with it.",
  },
  expires_at: { ...time, description: "Default: never." },
  policy: ref("AccessPolicy"),
};

const stored = {
  id: { type: "string", pattern: "^[0-9a-f]{16}$" },
  ...facts,
  created_at: time,
  revoked_at: time,
};

export const ACCESS_SCHEMAS: Readonly<Record<AccessSchemaName, Schema>> = {
  AccessPolicy: {
    type: "object",
    description: "What a credential may do.",
    additionalProperties: false,
    properties: {
      submit: patterns('Names of tasks that it may send; * is any text, "!" takes away. Default: all.', [
        "billing.*",
        "!billing.admin.*",
      ]),
      queues: patterns("Names of queues that its requests may name. Default: all.", ["billing"]),
      scopes: {
        type: "array",
        items: { type: "string", enum: Object.keys(SCOPES) },
        description: "Default: tasks:submit, tasks:read, tasks:cancel and workflows. admin is all.",
      },
      read: {
        type: "string",
        enum: ["own", "tenant", "all"],
        description: "Which tasks it sees. Default: own.",
      },
      options: {
        type: "array",
        maxItems: 100,
        items: { type: "string", maxLength: 64 },
        description: "Members of requests, beside the task and its arguments, that it may use. Default: all.",
        examples: [["queue", "delay"]],
      },
      tenant: { type: "string", pattern: TENANT_PATTERN },
      quotas: {
        type: "object",
        additionalProperties: false,
        properties: { requests: quota, submit: quota, bytes: quota },
      },
    },
  },
  ApiKeyRequest: {
    type: "object",
    required: ["name"],
    additionalProperties: false,
    properties: {
      ...facts,
      public_key: {
        type: "string",
        pattern: "^whpk_[A-Za-z0-9+/]{43}=?$",
        description: "Of the caller, for the proof ed25519.",
      },
    },
  },
  ApiKey: {
    type: "object",
    required: ["id", "name", "proof", "policy", "created_at"],
    properties: stored,
  },
  ApiKeyCreated: {
    type: "object",
    required: ["id", "name", "proof", "policy", "created_at"],
    properties: {
      ...stored,
      key: { type: "string", description: "Shown this once: only its digest is kept." },
      secret: { type: "string", description: "For the proof hmac: signs requests. Shown this once." },
    },
  },
  ApiKeyList: {
    type: "object",
    required: ["keys"],
    properties: {
      keys: { type: "array", items: ref("ApiKey") },
      next: { type: "string", format: "uri-reference" },
    },
  },
};

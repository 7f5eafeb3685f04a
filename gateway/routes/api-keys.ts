import { ConfigurationError, formatIsoTime } from "../../protocol/index.ts";
import type { ApiKeyRequest, ApiKeys } from "../access/api-keys.ts";
import type { CredentialRecord } from "../access/credential.ts";
import { requireGrantable } from "../access/grants.ts";
import { isKeyId } from "../access/key-text.ts";
import { type Policy, requirePositive } from "../access/policy.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { readTime } from "../times.ts";
import { createValidator } from "../validate.ts";
import { nextLink, pageParameters, readLimit } from "./page.ts";

const validate = createValidator("ApiKeyRequest");
const PATH = "/v1/api-keys";
const NO_STORE = { "cache-control": "no-store" };

/** The body of the POST, once its schema has accepted it. */
interface CreateBody extends Pick<ApiKeyRequest, "name" | "proof" | "thumbprint"> {
  readonly public_key?: string;
  readonly expires_at?: string;
  readonly policy?: Policy;
}

/** Makes a credential. */
export const createApiKey: Route = {
  method: "POST",
  path: PATH,
  access: "admin",
  operation: {
    operationId: "createApiKey",
    summary: "Make an API key",
    description:
      "The key, or the secret that signs requests, is in this answer and nowhere else: only a digest of the key is kept. It counts at once, at every gateway that shares the state.",
    tags: ["operation"],
  },
  requestSchema: "ApiKeyRequest",
  responses: {
    201: { description: "It is made.", schema: "ApiKeyCreated", headers: { Location: "The key." } },
  },
  problems: [
    "bad-json",
    "duplicate-key",
    "payload-too-large",
    "unsupported-media-type",
    "invalid-arguments",
    "bad-eta",
  ],
  async handle(exchange, gateway) {
    const keys = keysOf(gateway);
    const body = await readJson(exchange, gateway);
    validate(body);
    // The schema says so.
    const request = toRequest(exchange, body as CreateBody);
    const { record, key, secret } = await keys.create(request).catch((error: unknown) => {
      throw error instanceof ConfigurationError
        ? new Problem("invalid-arguments", { detail: error.message })
        : error;
    });
    const created = { ...toView(record), ...(key && { key }), ...(secret && { secret }) };
    exchange.json(201, JSON.stringify(created), {
      ...NO_STORE,
      location: `${exchange.base}${PATH}/${record.id}`,
    });
  },
};

function toRequest({ caller }: Exchange, body: CreateBody): ApiKeyRequest {
  const { public_key: publicKey, expires_at: expiresAt, policy: asked = {}, ...rest } = body;
  requirePositive(asked);
  return {
    ...rest,
    policy: requireGrantable(caller, asked),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(expiresAt === undefined ? {} : { expiresAtMs: Date.parse(readTime(expiresAt, "/expires_at")) }),
  };
}

/** Credentials by id. */
export const listApiKeys: Route = {
  method: "GET",
  path: PATH,
  access: "admin",
  operation: {
    operationId: "listApiKeys",
    summary: "List API keys",
    description: "By id, without their secrets; those that were revoked within 30 days, too.",
    tags: ["operation"],
    parameters: pageParameters("Keys"),
  },
  responses: {
    200: {
      description: "A page of keys.",
      schema: "ApiKeyList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: ["invalid-arguments"],
  async handle(exchange, gateway) {
    const limit = readLimit(exchange.query);
    const found = await keysOf(gateway).list({
      tenant: exchange.caller.tenant,
      after: exchange.query.get("cursor") ?? undefined,
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next =
      found.length > limit && last !== undefined
        ? nextLink(exchange.base + PATH, exchange.query, last.id)
        : undefined;
    exchange.json(200, JSON.stringify({ keys: page.map(toView), next }), {
      ...NO_STORE,
      ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }),
    });
  },
};

/** One credential, without its secret. */
export const getApiKey: Route = {
  method: "GET",
  path: `${PATH}/{key}`,
  access: "admin",
  operation: { operationId: "getApiKey", summary: "Read an API key", tags: ["operation"] },
  responses: { 200: { description: "What it may do.", schema: "ApiKey" } },
  problems: ["unknown-api-key"],
  async handle(exchange, gateway) {
    exchange.json(200, JSON.stringify(toView(await findKey(exchange, gateway))), NO_STORE);
  },
};

/** Ends a credential. */
export const revokeApiKey: Route = {
  method: "DELETE",
  path: `${PATH}/{key}`,
  access: "admin",
  operation: {
    operationId: "revokeApiKey",
    summary: "Revoke an API key",
    description: "It ends at once here, and within 5 seconds at other gateways. This cannot be undone.",
    tags: ["operation"],
  },
  responses: { 204: { description: "It is revoked." } },
  problems: ["unknown-api-key"],
  async handle(exchange, gateway) {
    const { id } = await findKey(exchange, gateway);
    await keysOf(gateway).revoke(id);
    exchange.empty(204, {});
  },
};

/** Throws Problem `insufficient-scope` where nobody needs a key: whoever may call there must not make keys for elsewhere. */
function keysOf({ access }: GatewayContext): ApiKeys {
  if (access !== undefined) return access.apiKeys;
  throw new Problem("insufficient-scope", {
    detail: "This gateway asks nobody for a key, so it makes none. Switch access control on first.",
  });
}

/** Throws Problem `unknown-api-key`, also for one of another tenant. */
async function findKey(exchange: Exchange, gateway: GatewayContext): Promise<CredentialRecord> {
  const id = exchange.param("key");
  const { tenant } = exchange.caller;
  const record = isKeyId(id) ? await keysOf(gateway).get(id) : undefined;
  if (record !== undefined && (tenant === undefined || record.policy.tenant === tenant)) return record;
  throw new Problem("unknown-api-key");
}

function toView(record: CredentialRecord): object {
  const { id, name, proof, thumbprint, policy, createdAtMs, expiresAtMs, revokedAtMs } = record;
  return {
    ...{ id, name, proof, policy },
    ...(thumbprint === undefined ? {} : { thumbprint }),
    created_at: formatIsoTime(createdAtMs),
    ...(expiresAtMs === undefined ? {} : { expires_at: formatIsoTime(expiresAtMs) }),
    ...(revokedAtMs === undefined ? {} : { revoked_at: formatIsoTime(revokedAtMs) }),
  };
}

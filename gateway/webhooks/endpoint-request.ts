/** What callers ask of endpoints. */
import { ConfigurationError } from "../../protocol/index.ts";
import { generateWebhookSecret, parseWebhookSecret } from "../../signing/index.ts";
import type { Caller } from "../access/caller.ts";
import { Problem } from "../problems.ts";
import { type CallbackEvent, DEFAULT_EVENTS, type PayloadFormat, type PayloadMode } from "./callback.ts";
import { type Endpoint, MAX_SECRETS, type StoredSecret } from "./endpoint.ts";

/** The body of a PUT, once its schema has accepted it. */
export interface EndpointRequest {
  readonly url: string;
  readonly secret?: string;
  readonly subscribe?: { readonly on?: readonly CallbackEvent[]; readonly tasks?: readonly string[] };
  readonly mode?: PayloadMode;
  readonly format?: PayloadFormat;
  readonly consent?: boolean;
  readonly disabled?: boolean;
}

/** The body of `:rotate-secret`, once its schema has accepted it. */
export interface SecretRequest {
  readonly secret?: string;
  readonly overlap?: number;
}

const DEFAULT_OVERLAP_SECONDS = 86_400;

/** The secret that was given, or a new one. Throws Problem `invalid-arguments`. */
export function secretOf({ secret }: { readonly secret?: string }): string {
  if (secret === undefined) return generateWebhookSecret();
  try {
    parseWebhookSecret(secret);
    return secret;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const detail = error.message;
    throw new Problem("invalid-arguments", { detail, members: { errors: [{ pointer: "/secret", detail }] } });
  }
}

/** The endpoint that a PUT makes; `before` is the one it replaces. */
export function toEndpoint(
  name: string,
  request: EndpointRequest,
  before: Endpoint | undefined,
  facts: {
    readonly secret: string;
    readonly consent: boolean;
    readonly caller: Caller;
    readonly traceback: boolean;
    readonly nowMs: number;
  },
): Endpoint {
  const { url, subscribe, mode = "full", format = "webhook", disabled } = request;
  const { secret, consent, caller, traceback, nowMs } = facts;
  const isSame = before?.url === url;
  // Another URL begins anew.
  const wasDisabled = isSame ? before.disabled : null;
  const keepsSecrets = before !== undefined && request.secret === undefined;
  return {
    name,
    url,
    secrets: keepsSecrets ? before.secrets : [{ secret }],
    subscribe:
      subscribe === undefined ? null : { on: subscribe.on ?? DEFAULT_EVENTS, tasks: subscribe.tasks ?? [] },
    mode,
    format,
    consent,
    reader: caller.read === "own" ? caller.id : null,
    traceback,
    disabled: disabled === undefined ? wasDisabled : switched(wasDisabled, disabled, nowMs),
    failingSinceMs: isSame && disabled !== false ? before.failingSinceMs : null,
    createdAtMs: before?.createdAtMs ?? nowMs,
    changedAtMs: nowMs,
  };
}

function switched(before: Endpoint["disabled"], disabled: boolean, nowMs: number): Endpoint["disabled"] {
  if (!disabled) return null;
  return before ?? { reason: "caller", atMs: nowMs };
}

/** Enabled, it begins anew; disabled, what is under way for it fails, and stays in the log. */
export function switchEndpoint(endpoint: Endpoint, disabled: boolean, nowMs: number): Endpoint {
  return {
    ...endpoint,
    disabled: switched(endpoint.disabled, disabled, nowMs),
    failingSinceMs: disabled ? endpoint.failingSinceMs : null,
    changedAtMs: nowMs,
  };
}

/** A new secret, and those before it for the time of the overlap. */
export function rotateSecret(
  endpoint: Endpoint,
  secret: string,
  { overlap = DEFAULT_OVERLAP_SECONDS }: SecretRequest,
  nowMs: number,
): Endpoint {
  const endsAtMs = nowMs + overlap * 1000;
  const old: StoredSecret[] = endpoint.secrets
    .map((item) => ({ ...item, validUntilMs: Math.min(item.validUntilMs ?? endsAtMs, endsAtMs) }))
    .filter(({ validUntilMs }) => validUntilMs > nowMs);
  return { ...endpoint, secrets: [{ secret }, ...old].slice(0, MAX_SECRETS), changedAtMs: nowMs };
}

/** What a worker adds to the headers of a call: who calls, which attempt it is, signatures, the trace. */
import { context, propagation } from "@opentelemetry/api";
import type { App } from "../../app/index.ts";
import { ConfigurationError, type TaskRequest } from "../../protocol/index.ts";
import {
  type HttpSignatureKey,
  loadPrivateKey,
  parseWebhookSecret,
  signHttp,
  signWebhook,
  thumbprint,
} from "../../signing/index.ts";
import type { WebhookCall } from "./webhook-call.ts";

/** Header with the one-time URL for a later answer. */
export const COMPLETE_URL_HEADER = "celerity-complete-url";

/** All headers of a call; `completeUrl` is where its receiver may answer later. */
export type CallHeaders = (
  call: WebhookCall,
  request: TaskRequest,
  completeUrl: string | undefined,
) => Readonly<Record<string, string>>;

/** Throws ConfigurationError for keys that cannot sign. */
export function createCallHeaders({ settings }: App): CallHeaders {
  const { httpTasksSecrets: secrets, httpTasksSigningKey } = settings;
  for (const secret of secrets) parseWebhookSecret(secret);
  const key = httpTasksSigningKey === null ? undefined : signingKey(httpTasksSigningKey);
  return (call, request, completeUrl) => {
    // A dot would be a second separator of what is signed.
    const id = request.id.replaceAll(".", "_");
    const headers = {
      ...call.headers,
      ...traceHeaders(request),
      "webhook-id": id,
      "webhook-timestamp": String(Math.trunc(Date.now() / 1000)),
      "webhook-attempt": String(request.retries + 1),
      ...(completeUrl === undefined ? {} : { [COMPLETE_URL_HEADER]: completeUrl }),
      ...(secrets.length === 0 ? {} : signWebhook(call.body, { id, secrets })),
    };
    if (key === undefined) return headers;
    const { method, url, body } = call;
    return { ...headers, ...signHttp({ method, url: url.href, headers, body }, { key }) };
  };
}

function signingKey(source: string): HttpSignatureKey {
  const key = loadPrivateKey(source);
  if (key.asymmetricKeyType === "ed25519") return { key, keyid: thumbprint(key) };
  throw new ConfigurationError(
    "httpTasksSigningKey must be an Ed25519 key: celerity keys generate makes one.",
  );
}

/** The trace goes on in the receiver: from the span of this run, or from the message. Baggage is not for strangers. */
function traceHeaders({ headers }: TaskRequest): Readonly<Record<string, string>> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  const traceparent = carrier["traceparent"] ?? headers["traceparent"];
  return typeof traceparent === "string" && TRACEPARENT.test(traceparent) ? { traceparent } : {};
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Callbacks of the gateway: Standard Webhooks with shared secrets (https://www.standardwebhooks.com/). */
import { WebhookError } from "./errors.ts";
import { isObject } from "./transport.ts";

/** Names in any case: a Headers object, or what Node's http server has. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface WebhookOptions {
  /** Seconds that the timestamp may be off. Default 300. */
  readonly tolerance?: number;
  /** Default: now. */
  readonly now?: Date;
}

/** What the gateway says, such as `{type: "celery.task.succeeded", timestamp, data}`. */
export interface WebhookEvent {
  /** The same for every attempt to deliver it: take each once. */
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  // biome-ignore lint/suspicious/noExplicitAny: the type of the event tells the members.
  readonly data: any;
}

const MAX_SIGNATURES = 16;
const MAX_HEADER = 4096;

/**
 * Resolves to the event when one of the secrets (`whsec_...`) signed these bytes. `body` is the body as it came: what was
 * parsed and written again has another signature. Throws WebhookError.
 */
export async function verifyWebhook(
  body: Uint8Array | string,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { tolerance = 300, now = new Date() }: WebhookOptions = {},
): Promise<WebhookEvent> {
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const signatures = headerOf(headers, "webhook-signature");
  if (!/^\d{1,15}$/.test(timestamp)) throw new WebhookError("webhook-timestamp is no number of seconds");
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > tolerance)
    throw new WebhookError("webhook-timestamp is too far from now");

  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + bytes.length);
  signed.set(head);
  signed.set(bytes, head.length);
  const given = signatures.split(" ", MAX_SIGNATURES).filter((signature) => signature.startsWith("v1,"));
  for (const secret of [secrets].flat()) {
    const key = await hmacKey(secret);
    for (const signature of given) {
      // verify() compares in constant time.
      const tag = fromBase64(signature.slice(3));
      if (tag !== undefined && (await crypto.subtle.verify("HMAC", key, tag, signed)))
        return eventOf(id, bytes);
    }
  }
  throw new WebhookError("no signature fits");
}

function headerOf(headers: WebhookHeaders, wanted: string): string {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  const values = entries
    .filter(([name]) => name.toLowerCase() === wanted)
    .flatMap(([, value]) => value ?? []);
  const [value] = values;
  if (value === undefined || values.length > 1 || value.length > MAX_HEADER)
    throw new WebhookError(`the header ${wanted} is missing, or not good`);
  return value;
}

async function hmacKey(secret: string): Promise<CryptoKey> {
  const bytes = fromBase64(secret.replace(/^whsec_/, ""));
  if (bytes === undefined || bytes.length === 0)
    throw new WebhookError(
      "a secret is whsec_ and base64; the gateway, or who registered the endpoint, has it",
    );
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function eventOf(id: string, bytes: Uint8Array): WebhookEvent {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    event = undefined;
  }
  if (!isObject(event)) throw new WebhookError("the body is no JSON object");
  return { ...event, id } as WebhookEvent; // The members are the gateway's word, which it has signed.
}

/** Webhooks that clients verify in the scenario. */
import { generateWebhookSecret, signWebhook } from "../../signing/index.ts";

/** A webhook as it arrived, and what its receiver knows. */
export interface GivenWebhook {
  readonly secret: string | readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body_base64: string;
}

/** One minute more than receivers allow. */
const TOO_OLD_MS = 6 * 60 * 1000;

/** By the names that the scenario uses; they are good for five minutes from now. */
export function makeWebhooks(): Readonly<Record<string, GivenWebhook>> {
  const [secret, next] = [generateWebhookSecret(), generateWebhookSecret()];
  const data = { id: crypto.randomUUID(), task: "examples.greet", state: "SUCCESS", result: "Hello, Zoë!" };
  const timestamp = new Date().toISOString();
  // A space that JSON does not need: who writes the body again has another one.
  const body = Buffer.from(
    JSON.stringify({ type: "celery.task.succeeded", timestamp, data }).replace(":", ": "),
  );
  const sign = (secrets: readonly string[], at: Date): Readonly<Record<string, string>> => ({
    "Content-Type": "application/json",
    ...signWebhook(body, { id: `msg_${data.id}`, secrets, timestamp: at }),
  });
  const body_base64 = body.toString("base64");
  const now = new Date();
  const headers = sign([secret], now);
  const capitals = Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value] as const);
  const changed = Buffer.from(body.toString().replace("Zoë", "Zoe")).toString("base64");
  return {
    good: { secret, headers: Object.fromEntries(capitals), body_base64 },
    rotated: { secret: [generateWebhookSecret(), secret], headers: sign([next, secret], now), body_base64 },
    changed: { secret, headers, body_base64: changed },
    old: { secret, headers: sign([secret], new Date(now.getTime() - TOO_OLD_MS)), body_base64 },
  };
}

/** Stripe's webhooks: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]` over `timestamp.body`. */
import { DecodeError } from "../../protocol/index.ts";
import { fromHex } from "./bytes.ts";
import { formatVerifier, type HmacClaim, jsonText, type SharedSecretOptions } from "./hmac.ts";
import { type HttpHeaders, requiredHeader } from "./http-message.ts";
import type { WebhookVerifier } from "./verifier.ts";

const MAX_ITEMS = 16;

/**
 * The secret is the endpoint's, `whsec_` included: Stripe uses the text itself as the key, unlike Standard Webhooks. While
 * a secret is being rolled there is one `v1` for each; schemes other than `v1` are for tests and do not count. The id is
 * the event's.
 */
export function stripeVerifier(options: SharedSecretOptions): WebhookVerifier {
  return formatVerifier({ algorithm: "sha256", readClaim, readId: (body) => jsonText(body, "id") }, options);
}

function readClaim(headers: HttpHeaders): HmacClaim {
  const items = requiredHeader(headers, "stripe-signature").split(",");
  if (items.length > MAX_ITEMS) {
    throw new DecodeError("bad_signature", `Stripe-Signature has more than ${MAX_ITEMS} items.`);
  }
  const valuesOf = (name: string) =>
    items.filter((item) => item.startsWith(`${name}=`)).map((item) => item.slice(name.length + 1));
  const [timestamp, ...others] = valuesOf("t");
  if (timestamp === undefined || others.length > 0) {
    throw new DecodeError("bad_signature", "Stripe-Signature has no time, or several.");
  }
  const signatures = valuesOf("v1").map(fromHex);
  if (signatures.length === 0)
    throw new DecodeError("alg_refused", "Stripe-Signature has no signature of v1.");
  return { signatures, signedPrefix: `${timestamp}.`, timestamp };
}

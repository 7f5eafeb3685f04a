/** Slack's requests: `X-Slack-Signature: v0=<hex>` over `v0:timestamp:body`. */
import { DecodeError } from "../../protocol/index.ts";
import { fromHex } from "./bytes.ts";
import { formatVerifier, jsonText, type SharedSecretOptions } from "./hmac.ts";
import { requiredHeader } from "./http-message.ts";
import type { WebhookVerifier } from "./verifier.ts";

const PREFIX = "v0=";

/** The secret is the app's signing secret. The id is the event's; commands and interactions have none. */
export function slackVerifier(options: SharedSecretOptions): WebhookVerifier {
  return formatVerifier(
    {
      algorithm: "sha256",
      readClaim(headers) {
        const value = requiredHeader(headers, "x-slack-signature");
        const timestamp = requiredHeader(headers, "x-slack-request-timestamp");
        if (!value.startsWith(PREFIX)) {
          throw new DecodeError("alg_refused", "X-Slack-Signature is not of version v0.");
        }
        return {
          signatures: [fromHex(value.slice(PREFIX.length))],
          signedPrefix: `v0:${timestamp}:`,
          timestamp,
        };
      },
      readId: (body) => jsonText(body, "event_id"),
    },
    options,
  );
}

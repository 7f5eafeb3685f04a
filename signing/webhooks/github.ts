/** GitHub's webhooks: `X-Hub-Signature-256: sha256=<hex>` over the body. Gitea and Forgejo send the same. */
import { DecodeError } from "../../protocol/index.ts";
import { fromHex } from "./bytes.ts";
import { formatVerifier, type SharedSecretOptions } from "./hmac.ts";
import { optionalHeader, requiredHeader } from "./http-message.ts";
import type { WebhookVerifier } from "./verifier.ts";

const PREFIX = "sha256=";

/**
 * GitHub signs neither a time nor X-GitHub-Delivery, so that the id is a digest of the body: a recorded request with
 * another delivery id is still known. SHA-1 alone (`X-Hub-Signature`) is refused.
 */
export function githubVerifier(options: SharedSecretOptions): WebhookVerifier {
  return formatVerifier(
    {
      algorithm: "sha256",
      readClaim(headers) {
        const sha256 = optionalHeader(headers, "x-hub-signature-256");
        if (sha256 === undefined && optionalHeader(headers, "x-hub-signature") !== undefined) {
          throw new DecodeError(
            "alg_refused",
            "The webhook is signed with SHA-1 only; X-Hub-Signature-256 is needed.",
          );
        }
        const value = requiredHeader(headers, "x-hub-signature-256");
        const signature = value.startsWith(PREFIX) ? fromHex(value.slice(PREFIX.length)) : undefined;
        return { signatures: [signature], signedPrefix: "" };
      },
    },
    options,
  );
}

/** Signs as a sender would: for trying a hook out. */
import { createHmac, randomUUID } from "node:crypto";
import { signWebhook } from "../../signing/index.ts";
import type { HookOptions, VerifierName } from "./hook-options.ts";

export interface SampleToSign {
  readonly options: HookOptions;
  readonly secret: string;
  readonly body: Uint8Array;
  readonly now: Date;
}

type Sign = (sample: SampleToSign & { readonly seconds: string }) => Readonly<Record<string, string>>;

const SIGNERS: Readonly<Record<VerifierName, Sign>> = {
  "standard-webhooks": ({ secret, body, now }) =>
    signWebhook(body, { id: `test_${randomUUID()}`, secrets: [secret], timestamp: now }),
  github: ({ secret, body }) => ({ "x-hub-signature-256": `sha256=${mac(secret, ["", body], "hex")}` }),
  stripe: ({ secret, body, seconds }) => ({
    "stripe-signature": `t=${seconds},v1=${mac(secret, [`${seconds}.`, body], "hex")}`,
  }),
  slack: ({ secret, body, seconds }) => ({
    "x-slack-request-timestamp": seconds,
    "x-slack-signature": `v0=${mac(secret, [`v0:${seconds}:`, body], "hex")}`,
  }),
  hmac({ options, secret, body, seconds }) {
    const { header = "", algorithm, encoding = "hex", prefix = "", timestamp } = options.hmac ?? {};
    const before = timestamp === undefined ? "" : `${seconds}${timestamp.separator ?? "."}`;
    return {
      [header.toLowerCase()]: prefix + mac(secret, [before, body], encoding, algorithm),
      ...(timestamp === undefined ? {} : { [timestamp.header.toLowerCase()]: seconds }),
    };
  },
  basic({ options, secret }) {
    const credentials = Buffer.from(`${options.basic?.username ?? ""}:${secret}`);
    return { authorization: `Basic ${credentials.toString("base64")}` };
  },
  "api-key"({ options, secret }) {
    const { header = "x-api-key", prefix = "" } = options.api_key ?? {};
    return { [header.toLowerCase()]: prefix + secret };
  },
  none: () => ({}),
};

/** The headers, in lower case. Throws ConfigurationError for a wrong secret. */
export function signSample(sample: SampleToSign): Readonly<Record<string, string>> {
  const seconds = String(Math.floor(sample.now.getTime() / 1000));
  return SIGNERS[sample.options.verifier]({ ...sample, seconds });
}

function mac(
  secret: string,
  content: readonly (string | Uint8Array)[],
  encoding: "hex" | "base64",
  algorithm: "sha256" | "sha512" = "sha256",
): string {
  const hmac = createHmac(algorithm, secret);
  for (const part of content) hmac.update(part);
  return hmac.digest(encoding);
}

import { readPythonJson } from "../../protocol/index.ts";
import { openFrame, readFields } from "../../signing/auth/frame.ts";
import {
  checkContentDigest,
  readSeal,
  requestedSignature,
  signingInput,
  verifyHttp,
  WEBHOOK_VERIFIERS,
  type WebhookVerifier,
} from "../../signing/index.ts";
import { type Decoder, isDecodeError, textOf } from "./decoder.ts";
import { toWireMessage } from "./messages.ts";
import { messageWords, webhookWords } from "./words.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const NOW = new Date("2024-02-29T12:00:00Z");
const SECONDS = String(NOW.getTime() / 1000);
const CLAIMS = { kid: "k", iat: NOW.getTime(), nonce: "n".repeat(22) };
const HEX = "ab".repeat(32);

const verifiers: readonly WebhookVerifier[] = [
  WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets: [SECRET] }),
  WEBHOOK_VERIFIERS.github({ secrets: ["s"] }),
  WEBHOOK_VERIFIERS.stripe({ secrets: ["s"] }),
  WEBHOOK_VERIFIERS.slack({ secrets: ["s"] }),
  WEBHOOK_VERIFIERS.hmac({ secrets: ["s"], header: "x-signature", encoding: "base64" }),
];

export const signingDecoders: Readonly<Record<string, Decoder>> = {
  auth: {
    decode: (input) => readFields(openFrame(input), 256),
    isRefusal: isDecodeError,
    words: ["\0\x01", Buffer.from("\0\x01").toString("base64"), "AAE=", "=", "application/json", "utf-8"],
  },
  seal: {
    decode: (input) => readSeal(textOf(input)),
    isRefusal: isDecodeError,
    seeds: [
      `v1.${Buffer.from(JSON.stringify(CLAIMS)).toString("base64url")}.${Buffer.alloc(64, 1).toString("base64url")}`,
    ],
    words: ["v1.", ".", "eyJraWQiOiJrIn0", "=", "-", "_"],
  },
  "seal-input": {
    decode: (input) => signingInput(toWireMessage(readPythonJson(textOf(input)), 2)[0], CLAIMS),
    isRefusal: isDecodeError,
    words: messageWords,
  },
  webhooks: {
    decode: decodeWebhook,
    isRefusal: isDecodeError,
    seeds: [
      `webhook-id: m1\nwebhook-timestamp: ${SECONDS}\nwebhook-signature: v1,${Buffer.alloc(32).toString("base64")}\n\n{}`,
      `x-hub-signature-256: sha256=${HEX}\n\n{}`,
      `stripe-signature: t=${SECONDS},v1=${HEX},v0=${HEX}\n\n{"id":"evt_1"}`,
      `x-slack-request-timestamp: ${SECONDS}\nx-slack-signature: v0=${HEX}\n\n{}`,
      `x-signature: ${Buffer.alloc(32).toString("base64")}\n\n{}`,
      `content-digest: sha-256=:${Buffer.alloc(32).toString("base64")}:\nsignature-input: a=("@method" "@target-uri" "content-digest");created=1;expires=2;nonce="${CLAIMS.nonce}";keyid="k";tag="celery-gateway"\nsignature: a=:${Buffer.alloc(64).toString("base64")}:\n\n{}`,
      `accept-signature: celery=("@status" "content-digest" "@method";req);created;expires;nonce="${CLAIMS.nonce}";tag="celery-gateway"\n\n`,
    ],
    words: webhookWords,
  },
};

/** The input is lines of headers, an empty line, and the body. Every verifier reads it; the first refusal is told last. */
function decodeWebhook(input: Uint8Array): void {
  const [head = "", ...rest] = textOf(input).split("\n\n");
  const headers: Record<string, string> = {};
  for (const line of head.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon)] = line.slice(colon + 1).trim();
  }
  const body = Buffer.from(rest.join("\n\n"));
  const message = { method: "POST", url: "https://example.com/hook", headers, body };
  const readers: (() => unknown)[] = [
    ...verifiers.map((verifier) => () => verifier.verify({ headers, body, now: NOW })),
    () => verifyHttp(message, { keys: [], now: NOW }),
    () => checkContentDigest(headers, body),
    () => requestedSignature(headers, "response"),
  ];
  for (const read of readers) {
    try {
      read();
    } catch (error) {
      if (!isDecodeError(error)) throw error;
    }
  }
}

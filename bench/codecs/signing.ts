/** Celerity's signatures: the auth serializer, sealed headers, and webhooks. */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import {
  createAuthSerializer,
  loadSealKey,
  SEAL_HEADER,
  sealMessage,
  signWebhook,
  verifySeal,
  WEBHOOK_VERIFIERS,
} from "../../signing/index.ts";
import { runProgram } from "./program.ts";
import { bodyOf, KEY_FILES, messageOf } from "./signed.ts";

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

await runProgram(async ({ folder, documents, measure }) => {
  const body = bodyOf(folder);

  const auth = createAuthSerializer({
    codecs: createCodecs(),
    securityKey: join(folder, KEY_FILES.rsaKey),
    securityCertificate: join(folder, KEY_FILES.certificate),
    securityCertStore: join(folder, KEY_FILES.certificate),
  });
  const value = documents[0]?.[1];
  const signed = await auth.serialize(value);
  await measure("auth RSA-2048 sign", () => auth.serialize(value));
  await measure("auth RSA-2048 verify", () => auth.deserialize(signed, DEFAULT_LIMITS));

  const key = loadSealKey(readFileSync(join(folder, KEY_FILES.ed25519Key), "utf8"));
  const nowMs = Date.now();
  const sealing = { key, queue: "celery", nowMs };
  const message = messageOf(body);
  const sealed = {
    ...message,
    headers: { ...message.headers, [SEAL_HEADER]: sealMessage(message, sealing) },
  };
  const trustedKeys = new Map([[key.kid, createPublicKey(key.privateKey)]]);
  const verifying = { trustedKeys, queue: "celery", maxAgeSeconds: 3600, nowMs };
  await measure("seal Ed25519 sign", () => sealMessage(message, sealing));
  await measure("seal Ed25519 verify", () => verifySeal(sealed, verifying));

  const webhook = { id: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", secrets: [WEBHOOK_SECRET] };
  const verifier = WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets: [WEBHOOK_SECRET] });
  const request = { body, headers: signWebhook(body, webhook) };
  await measure("webhook HMAC-SHA256 sign", () => signWebhook(body, webhook));
  await measure("webhook HMAC-SHA256 verify", () => verifier.verify(request));
});

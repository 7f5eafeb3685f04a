/** Signatures of webhooks: ours that go out, and those of many senders that come in. */
import { githubVerifier } from "./github.ts";
import { type HmacOptions, hmacVerifier, type SharedSecretOptions } from "./hmac.ts";
import { slackVerifier } from "./slack.ts";
import { type StandardWebhooksOptions, standardWebhooksVerifier } from "./standard-webhooks.ts";
import { stripeVerifier } from "./stripe.ts";
import type { WebhookVerifier } from "./verifier.ts";

/** What each kind of verifier takes. */
export interface WebhookVerifierOptions {
  readonly "standard-webhooks": StandardWebhooksOptions;
  readonly github: SharedSecretOptions;
  readonly stripe: SharedSecretOptions;
  readonly slack: SharedSecretOptions;
  readonly hmac: HmacOptions;
}

/** Verifiers by name; another one is a file and a line here. */
export const WEBHOOK_VERIFIERS: {
  readonly [K in keyof WebhookVerifierOptions]: (options: WebhookVerifierOptions[K]) => WebhookVerifier;
} = {
  "standard-webhooks": standardWebhooksVerifier,
  github: githubVerifier,
  stripe: stripeVerifier,
  slack: slackVerifier,
  hmac: hmacVerifier,
};

export { acceptSignature, type RequestedSignature, requestedSignature } from "./accept-signature.ts";
export { checkContentDigest, contentDigest } from "./content-digest.ts";
export type { HmacAlgorithm, HmacOptions, SharedSecretOptions } from "./hmac.ts";
export type { HttpHeaders, HttpMessage, HttpRequest, HttpResponse } from "./http-message.ts";
export { type HttpSignatureKey, SIGNATURE_TAG } from "./http-signature-profile.ts";
export { type HttpSignatureHeaders, type SignHttpOptions, signHttp } from "./sign-http.ts";
export { signatureBase } from "./signature-base.ts";
export {
  type SignWebhookOptions,
  type StandardWebhookHeaders,
  type StandardWebhooksOptions,
  signWebhook,
  standardWebhooksVerifier,
} from "./standard-webhooks.ts";
export type {
  BareItem,
  CoveredComponents,
  SignatureComponent,
  SignatureParameters,
} from "./structured-fields.ts";
export type { TimedKey, TimedSecret } from "./timed-keys.ts";
export type { VerifiedWebhook, WebhookRequest, WebhookVerifier } from "./verifier.ts";
export {
  signatureKeyIds,
  type VerifiedHttpSignature,
  type VerifyHttpOptions,
  verifyHttp,
} from "./verify-http.ts";

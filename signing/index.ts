/** Signatures: Celery's `auth` serializer, sealed headers, webhooks, and the keys they use. */

export * from "./auth/index.ts";
export * from "./keys/index.ts";
export * from "./seal/index.ts";
export * from "./webhooks/index.ts";

/** Celery's `auth` serializer. */
export type { AuthLayout } from "./frame.ts";
export { type AuthSerializerOptions, createAuthSerializer } from "./serializer.ts";

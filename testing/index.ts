/** Contract suites: what every implementation of a seam does. They run under Vitest and use fast-check. */
export * from "./compressor.ts";
export * from "./nonce-store.ts";
export * from "./queue-store.ts";
export * from "./result-backend.ts";
export * from "./serializer.ts";
export * from "./transport.ts";
export * from "./values.ts";

/** Sealed headers (docs/sealed-headers.md): the seal, its keys, and the stores that remember which seals were used. */

export { MAX_SEAL_BYTES, readSeal, SEAL_HEADER, type Seal, type SealClaims, writeSeal } from "./header.ts";
export * from "./keys.ts";
export * from "./nonce-store.ts";
export * from "./nonces/open.ts";
export * from "./seal.ts";
export { type SealableMessage, signingInput } from "./signing-input.ts";

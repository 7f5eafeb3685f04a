/** Keys: making, naming, loading and rotating them. */

export { generatePrivateKey, type KeyType, privatePem, publicPem, RSA_BITS } from "./generate.ts";
export { type Jwks, type PublicJwk, toJwk, toJwks } from "./jwks.ts";
export { readKeyFile, type WriteKeyFileOptions, writeKeyFile } from "./key-files.ts";
export {
  type AddKeyOptions,
  addKey,
  type FolderKey,
  type KeyState,
  listKeys,
  pruneKeys,
} from "./key-folder.ts";
export { loadPrivateKey, loadPublicKeys } from "./load.ts";
export { publicHalf, thumbprint } from "./thumbprint.ts";
export {
  generateWebhookKeyPair,
  generateWebhookSecret,
  parseWebhookSecret,
  toWebhookPublicKey,
} from "./webhook-secret.ts";

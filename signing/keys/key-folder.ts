/**
 * The folder in which `celerity keys` keeps the keys of one signer:
 *
 * - `keys.json`: which keys there are, and from when each one signs
 * - `private/<kid>.pem`: private keys, mode 0600; the next change deletes those of retired keys
 * - `public/<kid>.pem`: public keys, retired ones too until they are pruned: what verifiers load
 *
 * The key that became valid last signs. One that becomes valid in the future gives verifiers time to learn its public
 * half before its first signature.
 */
import type { KeyObject } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "../../protocol/index.ts";
import { generatePrivateKey, privatePem, publicPem } from "./generate.ts";
import { writeKeyFile } from "./key-files.ts";
import { changeKeyIndex, type IndexedKey, readKeyIndex } from "./key-index.ts";
import { thumbprint } from "./thumbprint.ts";

/** What a key does at a given time. */
export type KeyState = "next" | "current" | "retired";

/** One key of a folder. */
export interface FolderKey {
  readonly kid: string;
  readonly state: KeyState;
  /** When it begins to sign. */
  readonly validFrom: Date;
  /** When the key after it takes over. */
  readonly validUntil?: Date;
  readonly privateFile: string;
  readonly publicFile: string;
}

/** How to add a key. */
export interface AddKeyOptions {
  /** Now, unless given. */
  readonly validFrom?: Date;
  /** Encrypts the private key's file. */
  readonly password?: string;
  readonly now?: Date;
}

/** The folder's keys, oldest first; none when it holds no keys yet. Throws ConfigurationError. */
export function listKeys(folder: string, now: Date = new Date()): FolderKey[] {
  return describeKeys(folder, readKeyIndex(folder), now);
}

/** The file of the private key that signs now. Throws ConfigurationError when there is none. */
export function currentPrivateKeyFile(folder: string, now?: Date): string {
  const current = listKeys(folder, now).find(({ state }) => state === "current");
  if (current !== undefined) return current.privateFile;
  throw new ConfigurationError(
    `The key folder ${folder} has no key that is valid now; make one with: celerity keys generate --dir ${folder}`,
  );
}

/**
 * Makes an Ed25519 key in the folder, and the folder if need be. The key that signed until then retires when the new one
 * becomes valid. Throws ConfigurationError.
 */
export function addKey(folder: string, options: AddKeyOptions = {}): FolderKey {
  const { now = new Date(), validFrom = now, password } = options;
  const key = generatePrivateKey("ed25519");
  const kid = thumbprint(key);
  mkdirSync(join(folder, "public"), { recursive: true });
  mkdirSync(join(folder, "private"), { recursive: true, mode: 0o700 });
  changeKeyIndex(folder, (keys) => {
    const latest = keys.at(-1);
    if (latest !== undefined && latest.validFrom >= validFrom) {
      throw new ConfigurationError(
        `The key ${latest.kid} becomes valid at ${latest.validFrom.toISOString()}; the next one must do so later.`,
      );
    }
    writeKeyPair(folder, kid, key, password);
    return [...keys, { kid, validFrom }];
  });
  const keys = listKeys(folder, now);
  deletePrivateKeys(keys.filter(({ state }) => state === "retired"));
  return keys.at(-1) as FolderKey; // Just added, as the one that becomes valid last.
}

/** Deletes the keys that retired before a time, and returns them. Throws ConfigurationError. */
export function pruneKeys(folder: string, retiredBefore: Date, now: Date = new Date()): FolderKey[] {
  const retired = listKeys(folder, now).filter(({ state }) => state === "retired");
  deletePrivateKeys(retired);
  const pruned = retired.filter(({ validUntil }) => validUntil !== undefined && validUntil < retiredBefore);
  if (pruned.length === 0) return [];
  changeKeyIndex(folder, (keys) => keys.filter(({ kid }) => !pruned.some((key) => key.kid === kid)));
  for (const { publicFile } of pruned) rmSync(publicFile, { force: true });
  return pruned;
}

function describeKeys(folder: string, keys: readonly IndexedKey[], now: Date): FolderKey[] {
  return keys.map(({ kid, validFrom }, index) => {
    const validUntil = keys[index + 1]?.validFrom;
    return {
      kid,
      state: stateOf(validFrom, validUntil, now),
      validFrom,
      ...(validUntil === undefined ? {} : { validUntil }),
      privateFile: join(folder, "private", `${kid}.pem`),
      publicFile: join(folder, "public", `${kid}.pem`),
    };
  });
}

function stateOf(validFrom: Date, validUntil: Date | undefined, now: Date): KeyState {
  if (validFrom > now) return "next";
  return validUntil !== undefined && validUntil <= now ? "retired" : "current";
}

function writeKeyPair(folder: string, kid: string, key: KeyObject, password: string | undefined): void {
  writeKeyFile(join(folder, "private", `${kid}.pem`), privatePem(key, password), { mode: 0o600 });
  writeKeyFile(join(folder, "public", `${kid}.pem`), publicPem(key), { mode: 0o644 });
}

function deletePrivateKeys(keys: readonly FolderKey[]): void {
  for (const { privateFile } of keys) rmSync(privateFile, { force: true });
}

/** `keys.json` of a key folder: its keys, and from when each one signs. */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, isPlainObject } from "../../protocol/index.ts";
import { readKeyFile, writeKeyFile } from "./key-files.ts";

/** A key of the index. */
export interface IndexedKey {
  readonly kid: string;
  readonly validFrom: Date;
}

/** Key ids become parts of paths. */
const KEY_ID = /^[A-Za-z0-9_-]{43}$/;

/** The keys of the folder in the order in which they become valid; none without an index. Throws ConfigurationError. */
export function readKeyIndex(folder: string): IndexedKey[] {
  const file = join(folder, "keys.json");
  if (!existsSync(file)) return [];
  const wrong = (cause?: unknown) =>
    new ConfigurationError(`${file} is not the list of keys that celerity keys writes.`, { cause });
  let index: unknown;
  try {
    index = JSON.parse(readKeyFile(file));
  } catch (error) {
    throw wrong(error);
  }
  if (!isPlainObject(index) || !Array.isArray(index["keys"])) throw wrong();
  const keys = index["keys"].map(readIndexedKey);
  if (!keys.every((key) => key !== undefined)) throw wrong();
  return keys.sort((a, b) => a.validFrom.getTime() - b.validFrom.getTime());
}

/** Replaces the index by what `change` makes of it, while no other process does. Throws ConfigurationError. */
export function changeKeyIndex(
  folder: string,
  change: (keys: readonly IndexedKey[]) => readonly IndexedKey[],
): void {
  const lock = join(folder, "keys.json.lock");
  try {
    closeSync(openSync(lock, "wx"));
  } catch (error) {
    throw new ConfigurationError(`Another command is changing ${folder}; if none is, delete ${lock}.`, {
      cause: error,
    });
  }
  try {
    const keys = change(readKeyIndex(folder));
    writeKeyFile(join(folder, "keys.json"), `${JSON.stringify({ keys }, null, 2)}\n`, {
      mode: 0o644,
      force: true,
    });
  } finally {
    rmSync(lock);
  }
}

function readIndexedKey(value: unknown): IndexedKey | undefined {
  if (!isPlainObject(value)) return undefined;
  const { kid, validFrom } = value;
  if (typeof kid !== "string" || !KEY_ID.test(kid) || typeof validFrom !== "string") return undefined;
  const time = new Date(validFrom);
  return Number.isNaN(time.getTime()) ? undefined : { kid, validFrom: time };
}

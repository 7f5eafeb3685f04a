/**
 * One beat alone: it always has the seat, and its memory is a JSON file, or nothing but this process. Two beats on one file
 * are not noticed; `--pidfile` is the guard against that.
 */
import { rename } from "node:fs/promises";
import { isPlainObject } from "../../protocol/index.ts";
import type { EntryState } from "../entry.ts";
import { parseJson, readText, writeJson } from "../json-file.ts";
import type { Seat } from "../seat.ts";
import { readState } from "../state-text.ts";

export interface FileSeatOptions {
  /** undefined: nothing survives this process. */
  readonly path?: string;
  /** Writes after which the file is written; 0: each. Closing writes in any case. */
  readonly syncEvery?: number;
  readonly onWarning?: (message: string, error?: unknown) => void;
}

const FORMAT = 1;

export function createFileSeat({ path, syncEvery = 0, onWarning }: FileSeatOptions = {}): Seat {
  let states: Promise<Map<string, EntryState>> | undefined;
  let unsaved = 0;
  let saving = Promise.resolve();

  const known = (): Promise<Map<string, EntryState>> => {
    states ??= path === undefined ? Promise.resolve(new Map()) : readStates(path, onWarning);
    return states;
  };
  const save = (): Promise<void> => {
    if (path === undefined) return Promise.resolve();
    saving = saving
      .catch(() => undefined)
      .then(async () => {
        unsaved = 0;
        await writeJson(path, { format: FORMAT, entries: Object.fromEntries(await known()) });
      });
    return saving;
  };

  return {
    name: path === undefined ? "memory" : "file",
    acquire: async () => 1,
    renew: async () => true,
    release: async () => undefined,
    read: async () => new Map(await known()),
    async write(_term, changes) {
      const all = await known();
      for (const [name, state] of changes) {
        if (state === undefined) all.delete(name);
        else all.set(name, state);
      }
      unsaved += 1;
      if (unsaved >= syncEvery) await save();
      return true;
    },
    async close() {
      if (unsaved > 0) await save();
    },
  };
}

async function readStates(
  path: string,
  onWarning: FileSeatOptions["onWarning"],
): Promise<Map<string, EntryState>> {
  const text = await readText(path);
  if (text === undefined) return new Map();
  const found = parseStates(parseJson(text));
  if (found !== undefined) return found;
  const aside = `${path}.corrupt-${Date.now()}`;
  await rename(path, aside);
  onWarning?.(`Beat's file ${path} cannot be understood; it is ${aside} now, and beat begins anew`);
  return new Map();
}

function parseStates(value: unknown): Map<string, EntryState> | undefined {
  if (!isPlainObject(value) || value["format"] !== FORMAT || !isPlainObject(value["entries"]))
    return undefined;
  const states = new Map<string, EntryState>();
  for (const [name, entry] of Object.entries(value["entries"])) {
    const state = readState(entry);
    if (state === undefined) return undefined;
    states.set(name, state);
  }
  return states;
}

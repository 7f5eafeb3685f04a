/** The key that a gateway may ask for: kept while this tab is open, and sent with every request. */
import { createStore, type Store } from "./store.ts";

const STORED = "celerity-key";

/** Why the page asks for a key: there is none, or the gateway does not take it. */
export type KeyNeed = "missing" | "refused";

/** What the page knows of its key. Views are made anew when `version` changes. */
export interface KeyState {
  readonly need: KeyNeed | undefined;
  readonly version: number;
}

export const keyState: Store<KeyState> = createStore<KeyState>({ need: undefined, version: 0 });

/** The key, or null while none was needed. */
export function currentKey(): string | null {
  return sessionStorage.getItem(STORED);
}

/** Takes a key, or forgets it (null), and lets every view ask again. */
export function setKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, key);
  keyState.set({ need: undefined, version: keyState.get().version + 1 });
}

/** The gateway answered 401 to a request that carried `key`. */
export function refuseKey(key: string | null): void {
  // Another one may have been given meanwhile.
  if (currentKey() !== key) return;
  const need = key === null ? "missing" : "refused";
  if (keyState.get().need !== need) keyState.set({ need, version: keyState.get().version });
}

/** Headers that carry the key. */
export function keyHeaders(): Record<string, string> {
  const key = currentKey();
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

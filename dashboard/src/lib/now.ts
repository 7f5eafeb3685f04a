/** The present, for what tells how long ago something was. */
import { createStore, type Store, useStore } from "./store.ts";

const TICK_MS = 1000;

/** Milliseconds since 1970, once a second while the page is seen. */
const now: Store<number> = createStore(Date.now());
setInterval(() => {
  if (!document.hidden) now.set(Date.now());
}, TICK_MS);

/** Milliseconds since 1970; the component is drawn again every second. */
export function useNow(): number {
  return useStore(now);
}

/** Tells those who do not see the page what has changed. */
import { createStore, type Store } from "./store.ts";

export const announcement: Store<string> = createStore("");

/** Read out by screen readers when they have time. */
export function announce(text: string): void {
  announcement.set(text);
}

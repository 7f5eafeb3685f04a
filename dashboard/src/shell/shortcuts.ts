/** Keys that work everywhere: `/` searches, `?` helps, `g` and a letter goes to a view. */
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { isForPage } from "../lib/keys.ts";
import { navigate } from "../router.ts";
import { ROUTES } from "../routes.ts";

/** How long `g` waits for its letter. */
const CHORD_MS = 1500;

export function useShortcuts({
  openHelp,
  search,
}: {
  readonly openHelp: () => void;
  readonly search: RefObject<HTMLInputElement | null>;
}): void {
  useEffect(() => {
    let chordAtMs = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && event.target === search.current) search.current?.blur();
      if (!isForPage(event)) return;
      const isChord = performance.now() - chordAtMs < CHORD_MS;
      chordAtMs = event.key === "g" ? performance.now() : Number.NEGATIVE_INFINITY;
      if (isChord) {
        const route = ROUTES.find(({ nav }) => nav?.key === event.key);
        if (route === undefined) return;
        event.preventDefault();
        navigate(`#/${route.pattern}`);
      } else if (event.key === "/") {
        event.preventDefault();
        search.current?.focus();
        search.current?.select();
      } else if (event.key === "?") openHelp();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
}

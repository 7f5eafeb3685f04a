/** The page: bar, navigation, and the view that the address names. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announcement } from "./lib/announce.ts";
import { keyState } from "./lib/key.ts";
import { useStore } from "./lib/store.ts";
import { usePlace } from "./router.ts";
import { findRoute } from "./routes.ts";
import { Bar } from "./shell/bar.tsx";
import { Help } from "./shell/help.tsx";
import { Navigation } from "./shell/navigation.tsx";
import { useShortcuts } from "./shell/shortcuts.ts";
import { KeyView } from "./views/key/key.tsx";

export function App(): JSX.Element {
  const place = usePlace();
  const { route, params } = findRoute(place);
  const { need, version } = useStore(keyState);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const search = useRef<HTMLInputElement>(null);
  useShortcuts({ openHelp: () => setHelpOpen(true), search });

  const path = place.segments.join("/");
  const lastPath = useRef(path);
  // Whoever uses the keyboard or a screen reader goes on where the new view begins.
  useEffect(() => {
    if (lastPath.current === path) return;
    lastPath.current = path;
    const element = main.current;
    element?.scrollTo(0, 0);
    // Unless the view has a better place.
    if (!element?.contains(document.activeElement)) element?.focus({ preventScroll: true });
  }, [path]);

  const View = need === undefined ? route.view : KeyView;
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Bar search={search} openHelp={() => setHelpOpen(true)} />
      <Navigation current={route.parent ?? route.pattern} />
      <main
        id="main"
        ref={main}
        tabIndex={-1}
        class={route.isFull && need === undefined ? "full" : undefined}
      >
        <View key={`${version} ${path}`} params={params} query={place.query} />
      </main>
      {isHelpOpen && <Help onClose={() => setHelpOpen(false)} />}
      <Announcer />
    </div>
  );
}

function Announcer(): JSX.Element {
  const text = useStore(announcement);
  return (
    <p class="visually-hidden" id="announcer" aria-live="polite">
      {text}
    </p>
  );
}

import type { JSX, RefObject } from "preact";
import { useState } from "preact/hooks";
import { useStore } from "../lib/store.ts";
import { nextTheme, themeState } from "../lib/theme.ts";
import { Icon } from "../parts/icon.tsx";
import { href, navigate } from "../router.ts";
import { Health } from "./health.tsx";

/** The bar on top: where one is, whether all is well, the search, and how the page looks. */
export function Bar({
  search,
  openHelp,
}: {
  readonly search: RefObject<HTMLInputElement | null>;
  readonly openHelp: () => void;
}): JSX.Element {
  const theme = useStore(themeState);
  return (
    <header class="bar">
      <a class="brand" href="#/" aria-label="Celerity, overview">
        <img src="favicon.svg" alt="" width="26" height="26" />
        <span>Celerity</span>
      </a>
      <Health />
      <Search input={search} />
      <div class="bar-end">
        <button
          type="button"
          class="icon-button"
          onClick={nextTheme}
          aria-label={`Theme: ${theme}`}
          title={`Theme: ${theme}`}
        >
          <Icon name={theme} />
        </button>
        <button
          type="button"
          class="icon-button wide-only"
          onClick={openHelp}
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts (?)"
        >
          <Icon name="help" />
        </button>
        <a class="button main small wide-only" href="#/send">
          Send a task
        </a>
      </div>
    </header>
  );
}

/** Finds tasks by name or id; an id that is whole opens its task. */
function Search({ input }: { readonly input: RefObject<HTMLInputElement | null> }): JSX.Element {
  const [text, setText] = useState("");
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = text.trim();
          if (wanted === "") return;
          navigate(WHOLE_ID.test(wanted) ? href(["tasks", wanted]) : href(["tasks"], { q: wanted }));
          setText("");
          input.current?.blur();
        }}
      >
        <Icon name="search" size={16} />
        <input
          ref={input}
          type="search"
          aria-label="Search tasks"
          placeholder="Task name or id"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          autocomplete="off"
          spellcheck={false}
        />
        <kbd class="wide-only">/</kbd>
      </form>
    </search>
  );
}

const WHOLE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

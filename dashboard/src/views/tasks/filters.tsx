import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLoad } from "../../lib/load.ts";
import { KNOWN_STATES } from "../../lib/states.ts";
import { fullTime } from "../../lib/time.ts";
import { SelectField } from "../../parts/field.tsx";
import { Icon } from "../../parts/icon.tsx";
import { setQuery } from "../../router.ts";
import type { FilterName, TaskFilter } from "./filter.ts";

/** The address changes when the writing pauses. */
const PAUSE_MS = 250;

/** Filters without a field of their own: they come with links, and can be taken away. */
const CHIPS: readonly (readonly [FilterName, string])[] = [
  ["task", "Task"],
  ["tag", "Tag"],
  ["since", "Since"],
  ["until", "Until"],
];

/** What the list is narrowed down to; all of it stands in the address. */
export function Filters({ filter }: { readonly filter: TaskFilter }): JSX.Element {
  const { data } = useLoad<{ readonly queues: readonly string[] }>("v1/catalog");
  const queues = [...new Set([...(data?.queues ?? []), ...(filter.queue ? [filter.queue] : [])])];
  return (
    <search class="filters">
      <SearchField value={filter.q ?? ""} />
      <SelectField
        label="State"
        name="state"
        isLabelHidden
        value={filter.state ?? ""}
        onInput={(state) => setQuery({ state })}
        options={[["", "All states"], ...stateOptions(filter.state)]}
      />
      <SelectField
        label="Queue"
        name="queue"
        isLabelHidden
        value={filter.queue ?? ""}
        onInput={(queue) => setQuery({ queue })}
        options={[["", "All queues"], ...queues.map((queue) => [queue, queue] as const)]}
      />
      {CHIPS.map(([name, label]) => {
        const value = filter[name];
        if (value === undefined) return null;
        const text = name === "since" || name === "until" ? fullTime(value) : value;
        return (
          <button
            key={name}
            type="button"
            class="chip"
            aria-label={`Remove filter ${label} ${text}`}
            onClick={() => setQuery({ [name]: undefined })}
          >
            {label}: <code>{text}</code> <Icon name="close" size={12} />
          </button>
        );
      })}
    </search>
  );
}

/** States of a task's own can be asked for by the address. */
function stateOptions(state: string | undefined): readonly (readonly [string, string])[] {
  const own = state === undefined || KNOWN_STATES.includes(state) ? [] : [state];
  return [...KNOWN_STATES, ...own].map((name) => [name, name] as const);
}

function SearchField({ value }: { readonly value: string }): JSX.Element {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => setQuery({ q: text.trim() }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      type="search"
      name="q"
      aria-label="Filter by name or id"
      placeholder="Name or start of id"
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      autocomplete="off"
      spellcheck={false}
    />
  );
}

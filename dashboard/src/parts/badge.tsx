import type { ComponentChildren, JSX } from "preact";
import { type Tone, toneOf } from "../lib/states.ts";

/** A short word in a colour. */
export function Badge({
  tone,
  children,
}: {
  readonly tone: Tone;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <span class={`badge ${tone}`}>
      <span class="dot" aria-hidden="true" />
      {children}
    </span>
  );
}

/** The state of a task. */
export function StateBadge({ state }: { readonly state: string }): JSX.Element {
  return <Badge tone={toneOf(state)}>{state}</Badge>;
}

import type { JSX } from "preact";
import { prettyJson } from "../lib/json-text.ts";
import { Copy } from "./copy.tsx";

/** Longest text that is drawn; a browser is slow with more. */
const MAX_SHOWN = 100_000;

/** Text of a program that can be copied. `isShell`: long lines scroll instead of wrapping. */
export function Code({
  text,
  label,
  isShell = false,
  id,
}: {
  readonly text: string;
  /** For screen readers: what this is. */
  readonly label: string;
  readonly isShell?: boolean;
  readonly id?: string;
}): JSX.Element {
  const isLong = text.length > MAX_SHOWN;
  return (
    <div class={isShell ? "code shell" : "code"}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <pre tabIndex={0} role="region" aria-label={label}>
        <code id={id}>{isLong ? `${text.slice(0, MAX_SHOWN)} ...` : text}</code>
      </pre>
      <Copy text={text} />
    </div>
  );
}

/** JSON text, indented. Numbers stay as they were written, however large. */
export function JsonText({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  return <Code text={text.length > MAX_SHOWN ? text : prettyJson(text)} label={label} />;
}

import type { ComponentChildren, JSX } from "preact";
import type { Tone } from "../lib/states.ts";

/** A message that is read out when it comes: what was done, or what to know. */
export function Note({
  tone = "good",
  onClose,
  children,
}: {
  readonly tone?: Tone;
  /** Takes it away; without it the note stays. */
  readonly onClose?: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="note" role="status">
      <span class={`dot ${tone}`} aria-hidden="true" />
      <div class="note-text">{children}</div>
      {onClose && (
        <button type="button" class="copy" onClick={onClose} aria-label="Close this message">
          Close
        </button>
      )}
    </div>
  );
}

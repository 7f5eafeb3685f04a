import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../lib/announce.ts";

const SHOWN_MS = 1500;

/** Copies a text. */
export function Copy({
  text,
  label = "Copy",
}: {
  readonly text: string;
  readonly label?: string;
}): JSX.Element {
  const [said, setSaid] = useState<string>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
      announce("Copied");
    } catch {
      setSaid("Select and copy");
    }
    setTimeout(() => setSaid(undefined), SHOWN_MS);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      {said ?? label}
    </button>
  );
}

/** Where a page of dead letters ended. Letters leave between two pages, so it is a letter and not a number. */
import { Problem } from "../problems.ts";
import type { LetterSummary } from "./dead-letter-book.ts";

export interface LetterCursor {
  readonly queue: string;
  readonly id: string;
  /** When it died: where to go on when the letter itself is gone. */
  readonly at: string;
}

/** Letters have longer texts there only when a stranger wrote them. */
const MAX_AT = 40;

export function writeCursor(queue: string, { id, at }: LetterSummary): string {
  return Buffer.from(JSON.stringify([queue, id, at.slice(0, MAX_AT)])).toString("base64url");
}

/** Throws Problem `invalid-arguments`. */
export function readCursor(text: string): LetterCursor {
  try {
    const [queue, id, at]: unknown[] = JSON.parse(Buffer.from(text, "base64url").toString());
    if (typeof queue === "string" && typeof id === "string" && typeof at === "string")
      return { queue, id, at };
  } catch {
    // Not one of ours.
  }
  throw new Problem("invalid-arguments", {
    detail: "The parameter cursor must come from the next link of a page.",
  });
}

/** What comes after the cursor. */
export function after(letters: readonly LetterSummary[], { id, at }: LetterCursor): readonly LetterSummary[] {
  const last = letters.findIndex((letter) => letter.id === id);
  if (last !== -1) return letters.slice(last + 1);
  const next = letters.findIndex((letter) => letter.at > at);
  return next === -1 ? [] : letters.slice(next);
}

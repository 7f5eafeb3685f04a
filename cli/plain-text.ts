/** Text of strangers on a terminal: it must not move the cursor, change colours, or read in another direction. */

/** Control characters, line and paragraph separators, and those that turn the direction of text. */
const DANGEROUS = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const SHORT: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** The same on one line, with escapes for what a terminal would obey: `\n`, `\x1b`, `\u202e`. */
export function plainText(text: string): string {
  return text.replace(DANGEROUS, (character) => SHORT.get(character) ?? escapeOf(character.charCodeAt(0)));
}

function escapeOf(code: number): string {
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

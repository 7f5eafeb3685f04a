/** Text in the columns of a terminal: some characters take two, and some none. */

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
const EMPTY = /[\p{Mn}\p{Me}\p{Cf}]/u;

function widthOf(character: string): number {
  if (character < "\u0300") return 1;
  return EMPTY.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** Exactly so many columns: filled up with spaces, or cut with an ellipsis at the end. */
export function fitColumns(text: string, columns: number): string {
  let used = 0;
  let kept = "";
  for (const character of text) {
    const width = widthOf(character);
    if (used + width > columns) return cut(kept, used, columns);
    used += width;
    kept += character;
  }
  return kept + " ".repeat(columns - used);
}

/** Takes back as much as the ellipsis needs. */
function cut(kept: string, used: number, columns: number): string {
  if (columns === 0) return "";
  const characters = [...kept];
  let width = used;
  while (width > columns - 1) width -= widthOf(characters.pop() ?? "");
  return `${characters.join("")}…${" ".repeat(columns - 1 - width)}`;
}

/** Lines of at most so many columns, broken anywhere. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const character of text) {
    const width = widthOf(character);
    if (used + width > columns) {
      lines.push(line);
      line = "";
      used = 0;
    }
    line += character;
    used += width;
  }
  return [...lines, line];
}

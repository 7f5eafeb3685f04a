/** Commands that people type: words, in quotes where needed. Source: sdssplitargs() of Redis. */

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\u0007" };

/** One word: of quoted parts with escapes, of parts in single quotes, or bare; then space or the end. */
const WORD = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))(?=\s|$)/sy;

/** The words of a line; undefined when its quotes do not match. */
export function splitLine(line: string): readonly string[] | undefined {
  const text = line.trim();
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.length) {
    const match = WORD.exec(text);
    if (match === null) return undefined;
    const [, double, single, bare] = match;
    if (double !== undefined) words.push(unescapeDouble(double));
    else words.push(single === undefined ? (bare ?? "") : single.replaceAll("\\'", "'"));
  }
  return words;
}

function unescapeDouble(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Hex dumps for pages: one alone, or two side by side with the bytes marked in which they differ. */
import { unshared } from "./align.ts";
import { type Html, html } from "./template.ts";

/** A line of hexDump(): the offset, the bytes, and the same as text. */
interface DumpLine {
  readonly offset: string;
  readonly bytes: readonly string[];
  readonly text: string;
}

const LINE = /^([0-9a-f]{8}) {2}([0-9a-f ]{47}) {2}\|(.*)\|$/;
const BYTES_PER_LINE = 16;

export function hexView(name: string, dump: string): Html {
  return html`<div><h3>Bytes ${name}</h3><pre class="dump" tabindex="0">${dump}</pre></div>`;
}

/** Two dumps of hexDump(), with marks on the bytes that only one of them has. */
export function hexDifference(
  [name, dump]: readonly [name: string, dump: string],
  [otherName, otherDump]: readonly [name: string, dump: string],
): Html {
  const [lines, otherLines] = [readDump(dump), readDump(otherDump)];
  const [marks, otherMarks] = unshared(
    lines.flatMap(({ bytes }) => bytes),
    otherLines.flatMap(({ bytes }) => bytes),
  );
  return html`<div class="sides">
${side(name, dump, lines, marks)}
${side(otherName, otherDump, otherLines, otherMarks)}
</div>`;
}

function readDump(dump: string): readonly DumpLine[] {
  return dump.split("\n").flatMap((line) => {
    const [, offset = "", hex = "", text = ""] = LINE.exec(line) ?? [];
    return offset === "" ? [] : [{ offset, bytes: hex.trim().split(" "), text }];
  });
}

function side(name: string, dump: string, lines: readonly DumpLine[], marks: readonly boolean[]): Html {
  const rest = dump.split("\n").slice(lines.length);
  return html`<div><h3>Bytes ${name}</h3><pre class="dump" tabindex="0">${lines.map((line, at) => markedLine(line, marks.slice(at * BYTES_PER_LINE)))}${rest.join("\n")}</pre></div>`;
}

function markedLine({ offset, bytes, text }: DumpLine, marks: readonly boolean[]): Html {
  const padding = " ".repeat(3 * (BYTES_PER_LINE - bytes.length));
  const hex = runs(bytes, marks, " ");
  return html`${offset}  ${hex}${padding}  |${runs([...text], marks, "")}|\n`;
}

/** The words, with neighbours in one mark. */
function runs(words: readonly string[], marks: readonly boolean[], separator: string): Html {
  const parts: Html[] = [];
  for (let from = 0, to = 0; from < words.length; from = to) {
    while (to < words.length && marks[to] === marks[from]) to++;
    const text = words.slice(from, to).join(separator);
    const end = to < words.length ? separator : "";
    parts.push(marks[from] === true ? html`<mark>${text}</mark>${end}` : html`${text}${end}`);
  }
  return html`${parts}`;
}

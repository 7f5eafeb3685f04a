/** Markdown of texts that strangers wrote. */

/** Longest text of a cell, in characters. */
const MAX_CELL = 300;

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text that cannot end a cell or a line, and is no markup of HTML. */
export function cell(text: string): string {
  return text
    .slice(0, MAX_CELL)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}<]+/gu, " ")
    .replaceAll(/[\\|]/g, "\\$&");
}

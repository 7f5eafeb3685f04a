/** Text of docs/serializers.md. */
import { isPlainObject } from "../../protocol/index.ts";

const MAX_CODE = 110;

/** A Markdown table. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}

/** Code in a cell: cut when long, and with what is no printable ASCII escaped. */
export function code(text: string): string {
  const cut = text.length > MAX_CODE ? `${text.slice(0, MAX_CODE)}...` : text;
  const shown = cut.replace(
    /[^ -~]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`,
  );
  return `\`${shown.replaceAll("|", "\\|")}\``;
}

/** The type of a value read, as a programmer would name it. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (isPlainObject(value)) return "object";
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return tag.startsWith("Temporal.") ? tag : (value.constructor?.name ?? "object");
}

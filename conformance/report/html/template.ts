/** HTML as template literals: everything put into one is escaped, unless it is HTML that this module made. */

/** A piece of HTML. Only this module makes one, so that text of an adapter cannot pass for markup. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may be put into a template; nothing is written for undefined and false. */
export type Part = string | number | Html | undefined | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters but tab and newline, halves of pairs, and those that turn the direction of text. */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** `html\`<p>${text}</p>\``: for text between tags and for values of attributes in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, at) => text + written(parts[at - 1]) + string));
}

/** Text as HTML; what cannot be seen is written as `\u202e`. */
export function escapeHtml(text: string): string {
  return text
    .replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function written(part: Part): string {
  if (part instanceof Html) return part.toString();
  if (part === undefined || part === false) return "";
  if (typeof part === "object") return part.map(written).join("");
  return escapeHtml(String(part));
}

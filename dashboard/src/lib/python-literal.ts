/** Reprs of Python as JSON, so that a task can be sent again with what it was called with. */

const NUMBER = /[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?/y;
const SPACE = /\s*/y;
const WORDS: Readonly<Record<string, string>> = { None: "null", True: "true", False: "false" };
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "\\": "\\",
  "'": "'",
  '"': '"',
};
/** Hexadecimal digits of an escape. */
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const MAX_DEPTH = 64;

/** JSON text with the numbers as they were written. undefined for what JSON cannot say, or what was cut short. */
export function pythonToJson(repr: string): string | undefined {
  try {
    const reader = new Reader(repr);
    const json = reader.value(0);
    return reader.isAtEnd() ? json : undefined;
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

class NotJson extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    this.#skip(SPACE);
    return this.#at === this.#text.length;
  }

  value(depth: number): string {
    if (depth > MAX_DEPTH) throw new NotJson();
    this.#skip(SPACE);
    const first = this.#text[this.#at] ?? "";
    if (first === "[") return `[${this.#items("]", () => this.value(depth + 1)).join(",")}]`;
    // Celery's reprs of arguments are tuples or lists; JSON has lists only.
    if (first === "(") return `[${this.#items(")", () => this.value(depth + 1)).join(",")}]`;
    if (first === "{") return `{${this.#items("}", () => this.#member(depth + 1)).join(",")}}`;
    if (first === "'" || first === '"') return JSON.stringify(this.#string(first));
    for (const [word, json] of Object.entries(WORDS)) if (this.#take(word)) return json;
    const number = this.#skip(NUMBER);
    if (number === "") throw new NotJson();
    return number.replace(/^\+/, "");
  }

  #member(depth: number): string {
    this.#skip(SPACE);
    const quote = this.#text[this.#at] ?? "";
    if (quote !== "'" && quote !== '"') throw new NotJson();
    const key = JSON.stringify(this.#string(quote));
    this.#skip(SPACE);
    if (!this.#take(":")) throw new NotJson();
    return `${key}:${this.value(depth)}`;
  }

  #items(end: string, read: () => string): string[] {
    const items: string[] = [];
    this.#at += 1;
    for (;;) {
      this.#skip(SPACE);
      if (this.#take(end)) return items;
      items.push(read());
      this.#skip(SPACE);
      if (!this.#take(",") && this.#text[this.#at] !== end) throw new NotJson();
    }
  }

  #string(quote: string): string {
    let value = "";
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at] ?? "";
      if (character === quote) {
        this.#at += 1;
        return value;
      }
      value += character === "\\" ? this.#escape() : character;
    }
    throw new NotJson();
  }

  /** Stands on its last character afterwards. */
  #escape(): string {
    this.#at += 1;
    const name = this.#text[this.#at] ?? "";
    const digits = Object.hasOwn(DIGITS, name) ? DIGITS[name] : undefined;
    if (digits !== undefined) {
      const code = Number.parseInt(this.#text.slice(this.#at + 1, this.#at + 1 + digits), 16);
      if (!(code <= 0x10ffff)) throw new NotJson();
      this.#at += digits;
      return String.fromCodePoint(code);
    }
    const plain = Object.hasOwn(ESCAPES, name) ? ESCAPES[name] : undefined;
    if (plain === undefined) throw new NotJson();
    return plain;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}

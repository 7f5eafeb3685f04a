/** Flower's query language for tasks. Source: flower/utils/search.py of Flower 2.2. */

export const SEARCH_FIELDS = ["name", "state", "worker", "args", "kwargs", "result"] as const;
export type SearchField = (typeof SEARCH_FIELDS)[number];

/** A query, read. Values are in lower case. */
export type Query =
  | { readonly kind: "all" }
  | { readonly kind: "term"; readonly field: SearchField | undefined; readonly value: string }
  | { readonly kind: "and"; readonly children: readonly Query[] }
  | { readonly kind: "or"; readonly children: readonly Query[] };

/** What is wrong with a query; the message is Flower's. */
export class QuerySyntaxError extends Error {
  override readonly name = "QuerySyntaxError";

  constructor(message: string, position?: number) {
    super(`${message}${position === undefined ? "" : ` at position ${position}`}.`);
  }
}

const MIN_SUBSTRING_LENGTH = 3;
const MAX_QUERY_LENGTH = 2048;
const MAX_QUERY_TOKENS = 128;
const MAX_QUERY_DEPTH = 5;

type TokenKind = "(" | ")" | "AND" | "OR" | "TERM" | "EOF";

interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly position: number;
}

/** Throws QuerySyntaxError. */
export function parseQuery(text: string): Query {
  const query = text.trim();
  if (query.length > MAX_QUERY_LENGTH)
    throw new QuerySyntaxError(`Query exceeds ${MAX_QUERY_LENGTH} characters`);
  return new Parser(tokenize(query)).parse();
}

function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const character = query[at] ?? "";
    if (isSpace(character)) {
      at += 1;
      continue;
    }
    if (tokens.length >= MAX_QUERY_TOKENS)
      throw new QuerySyntaxError(`Query exceeds ${MAX_QUERY_TOKENS} tokens`);
    if (character === "(" || character === ")") {
      tokens.push({ kind: character, value: character, position: at });
      at += 1;
      continue;
    }
    const [token, end] = readWord(query, at);
    tokens.push(token);
    at = end;
  }
  return [...tokens, { kind: "EOF", value: "", position: query.length }];
}

/** A word, parts of which may be in quotes, and where it ends. */
function readWord(query: string, position: number): readonly [Token, number] {
  let value = "";
  let wasQuoted = false;
  let isQuoted = false;
  let at = position;
  for (; at < query.length; at += 1) {
    const character = query[at] ?? "";
    const next = query[at + 1];
    if (character === "\\" && (next === '"' || next === "\\")) {
      value += next;
      at += 1;
    } else if (character === '"') {
      wasQuoted = true;
      isQuoted = !isQuoted;
    } else if (!isQuoted && (isSpace(character) || character === "(" || character === ")")) break;
    else value += character;
  }
  if (isQuoted) throw new QuerySyntaxError("Unterminated quoted phrase", position);
  if (value === "") throw new QuerySyntaxError("Empty search term", position);
  if (!wasQuoted && value === "NOT") throw new QuerySyntaxError("NOT is not supported", position);
  const kind: TokenKind = !wasQuoted && (value === "AND" || value === "OR") ? value : "TERM";
  return [{ kind, value, position }, at];
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #current(): Token {
    return this.#tokens[this.#at] ?? { kind: "EOF", value: "", position: 0 };
  }

  parse(): Query {
    if (this.#current().kind === "EOF") return { kind: "all" };
    const query = this.#parseOr(0);
    if (this.#current().kind !== "EOF") throw this.#unexpected();
    return query;
  }

  #parseOr(depth: number): Query {
    const children = [this.#parseAnd(depth)];
    while (this.#current().kind === "OR") {
      this.#passOperator("OR");
      children.push(this.#parseAnd(depth));
    }
    return combine("or", children);
  }

  #parseAnd(depth: number): Query {
    const children = [this.#parsePrimary(depth)];
    while (!["EOF", ")", "OR"].includes(this.#current().kind)) {
      if (this.#current().kind === "AND") this.#passOperator("AND");
      children.push(this.#parsePrimary(depth));
    }
    return combine("and", children);
  }

  /** A term must follow, or a group. */
  #passOperator(operator: "AND" | "OR"): void {
    const { position } = this.#current();
    this.#at += 1;
    const { kind } = this.#current();
    if (kind !== "TERM" && kind !== "(")
      throw new QuerySyntaxError(`${operator} must be followed by a search term`, position);
  }

  #parsePrimary(depth: number): Query {
    const token = this.#current();
    if (token.kind !== "TERM" && token.kind !== "(")
      throw new QuerySyntaxError("Expected a search term", token.position);
    this.#at += 1;
    if (token.kind === "TERM") return parseTerm(token);
    if (depth >= MAX_QUERY_DEPTH)
      throw new QuerySyntaxError(`Query nesting exceeds ${MAX_QUERY_DEPTH} levels`, token.position);
    if (this.#current().kind === ")") throw new QuerySyntaxError("Empty group", token.position);
    const query = this.#parseOr(depth + 1);
    if (this.#current().kind !== ")")
      throw new QuerySyntaxError("Missing closing parenthesis", token.position);
    this.#at += 1;
    return query;
  }

  #unexpected(): QuerySyntaxError {
    return new QuerySyntaxError(`Unexpected '${this.#current().value}'`, this.#current().position);
  }
}

function combine(kind: "and" | "or", children: readonly Query[]): Query {
  const [first] = children;
  return children.length === 1 && first !== undefined ? first : { kind, children };
}

function parseTerm({ value: text, position }: Token): Query {
  const colon = text.indexOf(":");
  const prefix = colon === -1 ? "" : text.slice(0, colon).toLowerCase();
  const field = SEARCH_FIELDS.find((name) => name === prefix);
  const value = field === undefined ? text : text.slice(colon + 1);
  if (field === undefined && value.startsWith("-"))
    throw new QuerySyntaxError("Negation with '-' is not supported", position);
  if (value === "") throw new QuerySyntaxError("Search qualifier requires a value", position);
  const isExact = field === "state" || (field === "kwargs" && value.includes("="));
  if (!isExact && value.trim().length < MIN_SUBSTRING_LENGTH)
    throw new QuerySyntaxError(
      `Substring search terms must contain at least ${MIN_SUBSTRING_LENGTH} characters`,
      position,
    );
  return { kind: "term", field, value: value.toLowerCase() };
}

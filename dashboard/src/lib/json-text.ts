/** JSON as text. A browser's own parser would round big integers, so numbers are never parsed here. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/** Longest line of a list or object that stays on one line. */
const SHORT = 72;

/** Valid JSON text, indented; short lists and objects stay on one line. */
export function prettyJson(text: string): string {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const value = (indent: string): string => {
    const token = tokens[at++] ?? "";
    if (token !== "[" && token !== "{") return token;
    const close = token === "[" ? "]" : "}";
    const inner = `${indent}  `;
    const parts: string[] = [];
    while (at < tokens.length && tokens[at] !== close) {
      if (tokens[at] === ",") at++;
      parts.push(token === "[" ? value(inner) : member(inner));
    }
    at++;
    if (parts.length === 0) return token + close;
    const line = `${token}${parts.join(", ")}${close}`;
    const isShort = line.length + indent.length <= SHORT && !line.includes("\n");
    return isShort ? line : `${token}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
  };
  const member = (indent: string): string => {
    const key = tokens[at++] ?? "";
    at++;
    return `${key}: ${value(indent)}`;
  };
  return value("");
}

/** What is wrong with a text that should be JSON of a kind; undefined when nothing is. */
export function jsonProblem(text: string, kind: "list" | "object"): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return `Not JSON: ${reasonOf(error instanceof Error ? error.message : "")}`;
  }
  if (kind === "list" && !Array.isArray(parsed)) return "This must be a list, such as [2, 3].";
  const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  if (kind === "object" && !isObject) return 'This must be an object, such as {"x": 2}.';
  return undefined;
}

/** The engine's own words, without the text that it quotes: that stands in the field anyway. */
function reasonOf(message: string): string {
  const quoted = message.indexOf('"');
  const plain = message.replace(/^JSON\.parse: /, "");
  if (quoted === -1 || !plain.endsWith("is not valid JSON")) return plain;
  return plain.slice(0, plain.indexOf('"')).replace(/[.,\s]{1,8}$/, "");
}

/** The text of a member of a JSON object, as it was written; undefined when there is none. Valid JSON only. */
export function memberText(text: string, name: string): string | undefined {
  const wanted = JSON.stringify(name);
  let depth = 0;
  let from: number | undefined;
  let key: string | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (depth === 1 && from === undefined && key === undefined && token.startsWith('"')) key = token;
    else if (depth === 1 && token === ":" && key === wanted && from === undefined) from = index + 1;
    else if (depth === 1 && (token === "," || token === "}")) {
      if (from !== undefined) return text.slice(from, index).trim();
      key = undefined;
    }
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
  }
  return undefined;
}

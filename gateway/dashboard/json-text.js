/** JSON as text. A browser's own parser would round big integers, so numbers are never parsed here. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/** Longest line of a list or object that stays on one line. */
const SHORT = 72;

/** Valid JSON text, indented; short lists and objects stay on one line. */
export function prettyJson(text) {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const value = (indent) => {
    const token = tokens[at++];
    if (token !== "[" && token !== "{") return token;
    const close = token === "[" ? "]" : "}";
    const inner = `${indent}  `;
    const parts = [];
    while (tokens[at] !== close) {
      if (tokens[at] === ",") at++;
      parts.push(token === "[" ? value(inner) : member(inner));
    }
    at++;
    if (parts.length === 0) return token + close;
    const line = `${token}${parts.join(", ")}${close}`;
    const isShort = line.length + indent.length <= SHORT && !line.includes("\n");
    return isShort ? line : `${token}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
  };
  const member = (indent) => {
    const key = tokens[at++];
    at++;
    return `${key}: ${value(indent)}`;
  };
  return value("");
}

/** What is wrong with a text that should be JSON of a kind; undefined when nothing is. */
export function jsonProblem(text, kind) {
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return `Not JSON: ${reasonOf(error)}`;
  }
  if (kind === "list" && !Array.isArray(parsed)) return "This must be a list, such as [2, 3].";
  const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  if (kind === "object" && !isObject) return 'This must be an object, such as {"x": 2}.';
  return undefined;
}

/** The engine's own words, without the text that it quotes: that stands in the field anyway. */
function reasonOf({ message }) {
  return message.replace(/^JSON\.parse: /, "").replace(/, ?(?:\.\.\.)?".*" is not valid JSON$/s, "");
}

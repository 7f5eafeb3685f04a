/** Writes YAML in blocks, as PyYAML's safe_dump does. Source: yaml/representer.py and yaml/emitter.py of PyYAML 6.0.3. */
import { Float, isPlainObject } from "../protocol/values.ts";

/** A date or time to write, as its text. */
export class YamlTimestamp {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Text in which nothing means something to a parser. */
const BARE = /^[A-Za-z][\w@./+-]*(?: [\w@./+-]+)*$/;
/** Words that some YAML 1.1 parsers take for another type. */
const WORD = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
const ASCII = /^[ -~]*$/;
/** PyYAML looks for the colon behind a key within 1024 characters; a longer one needs a question mark before it. */
const MAX_KEY = 1000;

/**
 * The document of a tree (protocol/plain-tree.ts) in which bytes, Floats, {@link YamlTimestamp}, Sets of scalars and Maps
 * with scalars as keys may stand too.
 */
export function writeYaml(tree: unknown): string {
  return `${writeNode(tree, "\n")}\n`;
}

/** `newLine` is a line break and the node's indentation, which its first line does without. */
function writeNode(tree: unknown, newLine: string): string {
  if (typeof tree === "string") return writeText(tree);
  if (typeof tree === "number") return writeNumber(tree);
  // null, a boolean or a bigint.
  if (typeof tree !== "object" || tree === null) return String(tree);
  if (Array.isArray(tree)) return writeSequence(tree, newLine);
  if (isPlainObject(tree)) return writeMapping(Object.entries(tree), newLine);
  if (tree instanceof Map) return writeMapping([...tree], newLine);
  if (tree instanceof Float) return writeFloat(Number(tree));
  if (tree instanceof YamlTimestamp) return tree.text;
  if (tree instanceof Set) return writeSet(tree, newLine);
  return `!!binary ${writeText(Buffer.from(tree as Uint8Array).toString("base64"))}`;
}

function writeSequence(items: readonly unknown[], newLine: string): string {
  if (items.length === 0) return "[]";
  return items.map((item) => `- ${writeNode(item, `${newLine}  `)}`).join(newLine);
}

function writeMapping(
  members: readonly (readonly [key: unknown, member: unknown])[],
  newLine: string,
): string {
  const lines = members.map(([key, member]) => writePair(writeNode(key, newLine), member, newLine));
  return lines.length === 0 ? "{}" : lines.join(newLine);
}

function writeSet(items: ReadonlySet<unknown>, newLine: string): string {
  if (items.size === 0) return "!!set {}";
  const lines = Array.from(items, (item) => writePair(writeNode(item, newLine), null, newLine));
  return ["!!set", ...lines].join(newLine);
}

function writePair(key: string, value: unknown, newLine: string): string {
  const inner = `${newLine}  `;
  const text = writeNode(value, inner);
  const isContainer = Array.isArray(value) || value instanceof Map || isPlainObject(value);
  const isBlock = isContainer && text !== "[]" && text !== "{}";
  const colon = key.length > MAX_KEY ? `? ${key}${newLine}:` : `${key}:`;
  return colon + (isBlock ? inner : " ") + text;
}

function writeNumber(value: number): string {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : writeFloat(value);
}

/** A float has a dot: PyYAML takes `1e+21` for text, and 2^53 without one would be an integer. */
function writeFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.includes(".") ? text : text.replace(/(?=e|$)/, ".0");
}

function writeText(text: string): string {
  if (BARE.test(text) && !WORD.test(text)) return text;
  return ASCII.test(text) ? `'${text.replaceAll("'", "''")}'` : writeEscaped(text);
}

/** PyYAML and YAML 1.2 see other line breaks beyond ASCII, so that nothing of it is left as it is. */
function writeEscaped(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
}

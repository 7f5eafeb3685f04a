/**
 * Writes YAML in blocks, as PyYAML's safe_dump does. Source: yaml/representer.py and yaml/emitter.py of PyYAML 6.0.3.
 */
import { Float, type PlainObject } from "../protocol/values.ts";

/** A date or time to write, as its text. */
export class YamlTimestamp {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Text without anything that means something to a parser; words that YAML 1.1 takes for something else are quoted. */
const BARE = /^[A-Za-z][\w@./+-]*(?: [\w@./+-]+)*$/;
const WORD = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
const ASCII = /^[ -~]*$/;
/** Longer keys need an explicit `?`: PyYAML looks for a colon within 1024 characters. */
const MAX_KEY = 1000;

/**
 * The document of a tree (protocol/plain-tree.ts) in which bytes, Floats, {@link YamlTimestamp} and Sets of scalars may
 * stand too.
 */
export function writeYaml(tree: unknown): string {
  return `${writeNode(tree, "\n")}\n`;
}

/** `newLine` is a line break and the indentation of the node; its first line is written without them. */
function writeNode(tree: unknown, newLine: string): string {
  if (typeof tree === "string") return writeText(tree);
  if (typeof tree === "number") return writeNumber(tree);
  // null, booleans and bigint.
  if (typeof tree !== "object" || tree === null) return String(tree);
  if (Array.isArray(tree)) return writeSequence(tree, newLine);
  if (tree instanceof Float) return writeFloat(Number(tree));
  if (tree instanceof YamlTimestamp) return tree.text;
  if (tree instanceof Uint8Array) return `!!binary ${writeBytes(tree)}`;
  if (tree instanceof Set) return writeSet(tree, newLine);
  return writeMapping(tree as PlainObject, newLine);
}

function writeSequence(items: readonly unknown[], newLine: string): string {
  if (items.length === 0) return "[]";
  let text = "";
  for (const item of items) text += `${text && newLine}- ${writeNode(item, `${newLine}  `)}`;
  return text;
}

function writeMapping(members: PlainObject, newLine: string): string {
  let text = "";
  for (const key of Object.keys(members)) text += `${text && newLine}${writeMember(key, members[key], newLine)}`;
  return text || "{}";
}

function writeMember(name: string, member: unknown, newLine: string): string {
  const key = writeText(name);
  const colon = key.length > MAX_KEY ? `? ${key}${newLine}:` : `${key}:`;
  const inner = `${newLine}  `;
  return colon + (isBlock(member) ? inner : " ") + writeNode(member, inner);
}

/** True for what begins on a line of its own. */
function isBlock(tree: unknown): boolean {
  if (Array.isArray(tree)) return tree.length > 0;
}

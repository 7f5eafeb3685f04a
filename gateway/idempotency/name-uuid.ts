/** Ids made from names (RFC 9562, version 5): the same name always has the same id. */
import { hash } from "node:crypto";

/** Of this project; made once, by chance. */
const NAMESPACE = "8c1f4b2e6d3a4f0cb7a95e20d1f36c84";

export function uuidOf(...name: readonly string[]): string {
  // Lengths keep ["a", "bc"] and ["ab", "c"] apart.
  const text = name.map((part) => `${part.length}:${part}`).join("");
  const hex = hash("sha1", `${NAMESPACE}${text}`, "hex");
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

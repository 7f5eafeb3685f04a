/** Ids made from names (RFC 9562, version 5): the same name always has the same id. */
import { hash } from "node:crypto";

/** Of this project; made once, by chance. */
const NAMESPACE = "8c1f4b2e6d3a4f0cb7a95e20d1f36c84";

export function uuidOf(...name: readonly string[]): string {
  // Lengths keep ["a", "bc"] and ["ab", "c"] apart.
  const text = name.map((part) => `${part.length}:${part}`).join("");
  const bytes = hash("sha1", `${NAMESPACE}${text}`, "buffer").subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * The text of an API key: `cel_<id>_<secret>`. The id is 16 hexadecimal digits, the secret 64 for its 32 random bytes and 8
 * for a CRC-32 of all before them, by which scanners of secrets know a real key and a mistyped one is refused unasked.
 */
import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const KEY = /^cel_([0-9a-f]{16})_[0-9a-f]{72}$/;
const ID = /^[0-9a-f]{16}$/;
const CHECKSUM_DIGITS = 8;

export interface NewKeyText {
  readonly id: string;
  readonly text: string;
}

export function makeKeyText(): NewKeyText {
  const id = randomBytes(8).toString("hex");
  const start = `cel_${id}_${randomBytes(32).toString("hex")}`;
  return { id, text: start + checksum(start) };
}

/** Whether this could be the id of a key. */
export function isKeyId(text: string): boolean {
  return ID.test(text);
}

/** The id in a key; undefined for what is no key, or has a character wrong. */
export function idOfKey(text: string): string | undefined {
  const id = KEY.exec(text)?.[1];
  return id !== undefined && text.endsWith(checksum(text.slice(0, -CHECKSUM_DIGITS))) ? id : undefined;
}

/** What stands where a key has its id. */
export function idPartOf(text: string): string {
  return text.slice(4, 20);
}

/** What is stored of a secret, and compared. */
export function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_DIGITS, "0");
}

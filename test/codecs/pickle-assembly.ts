/** Pickles put together by hand, from the opcodes of CPython's Lib/pickletools.py. */

/** Bytes, a string in Latin-1, or more of them. */
export type Part = number | string | Uint8Array | readonly Part[];

export function pickle(...parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map(bytesOf));
}

function bytesOf(part: Part): Uint8Array {
  if (typeof part === "number") return Buffer.of(part);
  if (typeof part === "string") return Buffer.from(part, "latin1");
  return part instanceof Uint8Array ? part : pickle(...part);
}

/** PROTO 4. */
export const START = "\x80\x04";

/** SHORT_BINUNICODE. */
export function text(value: string): Part {
  const bytes = Buffer.from(value, "utf8");
  return [0x8c, bytes.length, bytes];
}

/** GLOBAL, by lines. */
export function named(path: string): Part {
  const at = path.lastIndexOf(".");
  return `c${path.slice(0, at)}\n${path.slice(at + 1)}\n`;
}

/** STACK_GLOBAL, by strings; `module:a.b` has dots in the name. */
export function stackNamed(path: string): Part {
  const at = path.includes(":") ? path.indexOf(":") : path.lastIndexOf(".");
  return [text(path.slice(0, at)), text(path.slice(at + 1)), 0x93];
}

/** A length of 4 bytes. */
export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A length of 8 bytes. */
export function uint64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Keys of maps recur, in a message and between messages: those read before are found again, and not built anew. */

/** A stranger can only replace keys, so the memory is bounded: this many keys of 31 characters at most. */
const SLOTS = 512;
const known: string[] = new Array<string>(SLOTS).fill("");

/** The key that stands at `start`, when it was remembered. */
export function recallKey(bytes: Uint8Array, start: number, length: number): string | undefined {
  const candidate = known[slotOf(bytes, start, length)] ?? "";
  return candidate.length === length && isAt(candidate, bytes, start) ? candidate : undefined;
}

/** Remembers the key that stands at `start`, if it is ASCII: a character for each byte. */
export function rememberKey(key: string, bytes: Uint8Array, start: number, length: number): void {
  if (key.length === length) known[slotOf(bytes, start, length)] = key;
}

function slotOf(bytes: Uint8Array, start: number, length: number): number {
  const first = byteAt(bytes, start);
  const middle = byteAt(bytes, start + (length >> 1));
  const last = byteAt(bytes, start + length - 1);
  return (length + 7 * first + 31 * last + 127 * middle) % SLOTS;
}

function isAt(text: string, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== bytes[start + at]) return false;
  }
  return true;
}

/** The byte at a place that the caller knows to exist. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

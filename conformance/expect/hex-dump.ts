/** Bytes for people: `00000000  5b 5b 31 ...  |[[1|`. */
const BYTES_PER_LINE = 16;

/** At most `maxBytes` of them; the last line tells how many more there are. */
export function hexDump(bytes: Uint8Array, maxBytes = 512): string {
  const shown = Buffer.from(bytes.subarray(0, maxBytes));
  const lines = [];
  for (let at = 0; at < shown.length; at += BYTES_PER_LINE) {
    const part = shown.subarray(at, at + BYTES_PER_LINE);
    const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.toString("latin1").replace(/[^\x20-\x7e]/g, ".");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(3 * BYTES_PER_LINE - 1)}  |${text}|`);
  }
  const more = bytes.length - shown.length;
  return [...lines, ...(more > 0 ? [`... ${more} more bytes`] : [])].join("\n");
}

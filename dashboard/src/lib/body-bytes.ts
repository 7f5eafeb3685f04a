/** Bodies of messages: their bytes, as text and in hexadecimal. */

const ROW = 16;
/** Bytes that are shown; a browser is slow with more. */
export const MAX_HEX_BYTES: number = 16 * 1024;

/** Throws for what is no base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** As UTF-8; undefined for bytes that are none. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A line for each 16 bytes: where it begins, the bytes, and their ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_HEX_BYTES); at += ROW) {
    const row = [...bytes.slice(at, at + ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(ROW * 3 - 1)}  ${ascii}`);
  }
  if (bytes.length > MAX_HEX_BYTES) lines.push(`... ${bytes.length - MAX_HEX_BYTES} bytes more`);
  return lines.join("\n");
}

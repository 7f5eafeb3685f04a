/** Cuts a stream of bytes into lines, none of which may be longer than the cap. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number, onLine: (line: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** False when a line grew beyond the cap; what comes after that means nothing. */
  push(chunk: Buffer): boolean {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      if (!this.#add(chunk.subarray(start, end))) return false;
      const line = Buffer.concat(this.#parts).toString("utf8");
      this.#parts = [];
      this.#size = 0;
      start = end + 1;
      if (line.trim() !== "") this.#onLine(line);
    }
    return this.#add(chunk.subarray(start));
  }

  #add(part: Buffer): boolean {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) return false;
    if (part.length > 0) this.#parts.push(part);
    return true;
  }
}

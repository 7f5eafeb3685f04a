/** Cuts a stream of bytes into lines of a bounded length. */

export interface LineEvents {
  /** Without its end. */
  readonly onLine: (line: Uint8Array) => void;
  readonly onTooLong: () => void;
}

const NEWLINE = 0x0a;

export class LineReader {
  readonly #maxBytes: number;
  readonly #events: LineEvents;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number, events: LineEvents) {
    this.#maxBytes = maxBytes;
    this.#events = events;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.concat([...this.#parts, rest.subarray(0, end)]);
      this.#parts = [];
      this.#length = 0;
      rest = rest.subarray(end + 1);
      if (line.length > 0) this.#events.onLine(line);
    }
    if (rest.length === 0) return;
    this.#parts.push(rest);
    this.#length += rest.length;
    if (this.#length > this.#maxBytes) this.#events.onTooLong();
  }
}

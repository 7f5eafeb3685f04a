/** Commands out of the bytes of a connection, a RESP array or a line each. Bounds and errors are those of Redis's networking.c. */
import { splitLine } from "./line.ts";
import { Refusal } from "./replies.ts";

/** Longest argument, and all arguments of a command together, in bytes. */
export const MAX_COMMAND_BYTES: number = 64 * 1024 * 1024;
/** Most arguments of a command. */
const MAX_ARGUMENTS = 1024 * 1024;
/** Longest line: a length, or a command written as a line. */
const MAX_LINE = 64 * 1024;
/** Room that is kept for the next command. */
const KEPT_BYTES = 1024 * 1024;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const ASTERISK = 42;

export class CommandReader {
  #data: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Arguments of the command that is being read. */
  #args: Buffer[] = [];
  #argsBytes = 0;
  /** Arguments that are still to come. */
  #left = 0;
  /** Length of the argument that is being read. */
  #length = -1;

  /** Bytes that wait to be read. */
  get waitingBytes(): number {
    return this.#end - this.#start;
  }

  push(chunk: Buffer): void {
    const needed = this.waitingBytes + chunk.length;
    if (this.#end + chunk.length > this.#data.length) {
      const target = needed > this.#data.length / 2 ? Buffer.allocUnsafe(2 * needed) : this.#data;
      this.#data.copy(target, 0, this.#start, this.#end);
      this.#data = target;
      this.#end -= this.#start;
      this.#start = 0;
    }
    chunk.copy(this.#data, this.#end);
    this.#end += chunk.length;
  }

  /** The next command, not empty; undefined when it is not here whole. Throws Refusal when the bytes are no command. */
  next(): readonly Buffer[] | undefined {
    for (;;) {
      if (this.#left === 0) {
        if (this.waitingBytes === 0) return undefined;
        if (this.#data[this.#start] !== ASTERISK) {
          const args = this.#inline();
          if (args === undefined || args.length > 0) return args;
          continue;
        }
        const line = this.#line("too big mbulk count string");
        if (line === undefined) return undefined;
        this.#left = count(line.slice(1), MAX_ARGUMENTS, "multibulk");
        if (this.#left <= 0) {
          this.#left = 0;
          continue;
        }
      }
      return this.#multibulk();
    }
  }

  #multibulk(): readonly Buffer[] | undefined {
    while (this.#left > 0) {
      if (this.#length < 0) {
        const line = this.#line("too big bulk count string");
        if (line === undefined) return undefined;
        if (!line.startsWith("$"))
          throw new Refusal(`ERR Protocol error: expected '$', got '${line.charAt(0)}'`);
        const length = count(line.slice(1), MAX_COMMAND_BYTES, "bulk");
        if (length < 0 || this.#argsBytes + length > MAX_COMMAND_BYTES) throw badLength("bulk");
        this.#length = length;
      }
      if (this.waitingBytes < this.#length + 2) return undefined;
      // A copy: what is stored must not keep the whole buffer.
      this.#args.push(Buffer.from(this.#data.subarray(this.#start, this.#start + this.#length)));
      this.#argsBytes += this.#length;
      this.#start += this.#length + 2;
      this.#length = -1;
      this.#left -= 1;
    }
    const args = this.#args;
    this.#args = [];
    this.#argsBytes = 0;
    if (this.waitingBytes === 0 && this.#data.length > KEPT_BYTES) {
      this.#data = Buffer.alloc(0);
      this.#start = 0;
      this.#end = 0;
    }
    return args;
  }

  #inline(): readonly Buffer[] | undefined {
    const line = this.#line("too big inline request", true);
    if (line === undefined) return undefined;
    const words = splitLine(line);
    if (words === undefined) throw new Refusal("ERR Protocol error: unbalanced quotes in request");
    return words.map((word) => Buffer.from(word, "latin1"));
  }

  /** A line without its end; lines that people type may end in a line feed alone. */
  #line(tooLong: string, isTyped = false): string | undefined {
    const mark = isTyped ? LINE_FEED : CARRIAGE_RETURN;
    const at = this.#data.subarray(this.#start, this.#end).indexOf(mark);
    if (at < 0 && this.waitingBytes > MAX_LINE) throw new Refusal(`ERR Protocol error: ${tooLong}`);
    if (at < 0 || (!isTyped && at + 2 > this.waitingBytes)) return undefined;
    const line = this.#data.toString("latin1", this.#start, this.#start + at);
    this.#start += at + (isTyped ? 1 : 2);
    return isTyped && line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}

function count(text: string, max: number, what: string): number {
  if (!/^-?\d{1,10}$/.test(text) || Number(text) > max) throw badLength(what);
  return Number(text);
}

function badLength(what: string): Refusal {
  return new Refusal(`ERR Protocol error: invalid ${what} length`);
}

/** The terminal as a screen of its own: drawn as a whole, given back as it was, however the program ends. */
import { emitKeypressEvents, type Key } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";

/** The alternate screen without a cursor, and back. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_BELOW = "\x1b[J";

export interface TerminalEvents {
  /** A key, named as node:readline names it, with `ctrl+` before. */
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
}

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  draw(lines: readonly string[]): void;
  /** Twice is fine. */
  close(): void;
}

export function openTerminal(input: ReadStream, output: WriteStream, events: TerminalEvents): Terminal {
  let isOpen = true;
  const onKeypress = (text: string | undefined, { name, ctrl }: Key): void => {
    const key = name ?? text ?? "";
    events.onKey(ctrl === true ? `ctrl+${key}` : key);
  };
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.off("exit", close);
    output.off("resize", events.onResize);
    input.off("keypress", onKeypress);
    input.setRawMode(false);
    input.pause();
    output.write(LEAVE);
  };
  emitKeypressEvents(input);
  input.setRawMode(true);
  input.on("keypress", onKeypress);
  input.resume();
  output.on("resize", events.onResize);
  process.on("exit", close);
  output.write(ENTER);
  return {
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    draw(lines) {
      if (isOpen) output.write(`${HOME}${lines.join("\r\n")}${CLEAR_BELOW}`);
    },
    close,
  };
}

/** The log of the command line: pino underneath; as text in the manner of Celery's, or as JSON lines. */
import { Writable } from "node:stream";
import { type Logger, pino } from "pino";

/** Celery's level names; pino has no critical. */
const PINO_LEVELS: Readonly<Record<string, string>> = { warning: "warn", critical: "fatal" };
const LEVEL_NAMES: Readonly<Record<number, string>> = {
  20: "DEBUG",
  30: "INFO",
  40: "WARNING",
  50: "ERROR",
  60: "CRITICAL",
};

export function createLogger({ level, format }: { readonly level: string; readonly format: string }): Logger {
  const options = { level: PINO_LEVELS[level] ?? level, base: null };
  return format === "json" ? pino(options, process.stderr) : pino(options, textStream());
}

function textStream(): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      process.stderr.write(`${toText(line)}\n`, () => done());
    },
  });
}

/** `[2026-01-02 03:04:05.678: INFO] message: error`; one line, whatever a stranger put into it. */
function toText(line: string): string {
  const { time, level, msg, err } = JSON.parse(line) as Record<string, unknown>;
  const stamp = new Date(Number(time)).toISOString().replace("T", " ").replace("Z", "");
  const problem =
    typeof err === "object" && err !== null && "message" in err ? `: ${plain(String(err.message))}` : "";
  return `[${stamp}: ${LEVEL_NAMES[Number(level)] ?? level}] ${plain(String(msg))}${problem}`;
}

/** Control characters as escapes: a stranger's text must not draw on the terminal. */
function plain(text: string): string {
  return /[\p{Cc}]/u.test(text) ? JSON.stringify(text) : text;
}

/** The log of the command line: pino underneath; as text in the manner of Celery's, or as JSON lines with the facts in fields. */
import { openSync, writeSync } from "node:fs";
import { type Logger, pino } from "pino";
import { ConfigurationError, isPlainObject, toError } from "../protocol/index.ts";
import type { LogFlags } from "./options.ts";
import { plainText } from "./plain-text.ts";

/** Celery's level names; pino has no critical. */
const PINO_LEVELS: Readonly<Record<string, string>> = { warning: "warn", critical: "fatal" };
const LEVEL_NAMES: Readonly<Record<string, string>> = {
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};
/** As Celery colours them. */
const COLORS: Readonly<Record<string, number>> = { DEBUG: 34, WARNING: 33, ERROR: 31, CRITICAL: 35 };

/** Where pino writes lines. */
interface Destination {
  write(line: string): void;
}

/** Without a file it is on the standard error output. Throws ConfigurationError for a file that cannot be opened. */
export function createLogger({ loglevel: level, logFormat: format, logfile: file }: LogFlags): Logger {
  const options = {
    level: PINO_LEVELS[level] ?? level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (name: string) => ({ level: LEVEL_NAMES[name] ?? name }) },
  };
  const target = file === undefined ? process.stderr : openFile(file);
  const hasColor = file === undefined && usesColor(process.stderr);
  return pino(options, format === "json" ? target : asText(target, hasColor));
}

/** Is it a terminal that shows colours, and whose user wants them (https://no-color.org)? */
export function usesColor(
  { isTTY }: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

/** Written at once: what is logged before an exit must be there. */
function openFile(file: string): Destination {
  try {
    const descriptor = openSync(file, "a");
    return { write: (line) => void writeSync(descriptor, line) };
  } catch (error) {
    const problem = toError(error).message;
    throw new ConfigurationError(`The log file ${file} cannot be opened (--logfile): ${problem}.`);
  }
}

function asText(target: Destination, hasColor: boolean): Destination {
  return { write: (line) => target.write(`${toText(line, hasColor)}\n`) };
}

/** `[2026-01-02 03:04:05.678: INFO] message: error`; one line, whatever a stranger put into it. */
function toText(line: string, hasColor: boolean): string {
  const { time, level, msg, err } = JSON.parse(line) as Record<string, unknown>;
  const stamp = String(time).replace("T", " ").replace("Z", "");
  const problem = isPlainObject(err) && "message" in err ? `: ${plainText(String(err["message"]))}` : "";
  const text = `[${stamp}: ${level}] ${plainText(String(msg))}${problem}`;
  const color = COLORS[String(level)];
  return hasColor && color !== undefined ? `\x1b[${color}m${text}\x1b[0m` : text;
}

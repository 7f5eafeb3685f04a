/** A result in words. */
import type { Result } from "../run/result.ts";
import type { Difference } from "../values/compare.ts";
import type { Tagged } from "../values/tagged.ts";

const MAX_SHOWN = 300;

/** One line for a result: `fail  decode.proto2.json.plain  $.args[0] differs`. */
export function resultLine({ status, id, message }: Pick<Result, "status" | "id" | "message">): string {
  return `${status.padEnd(10)} ${id}${message === "" ? "" : `  ${message}`}`;
}

/** Every difference, what happened, and the bytes. */
export function explainResult(result: Omit<Result, "tookMs">): string {
  const differences = result.differences.map((difference) => `  ${describeDifference(difference)}`);
  const dumps = Object.entries(result.bytes ?? {}).map(([name, dump]) => `  bytes ${name}:\n${indent(dump)}`);
  const happened = (result.transcript ?? []).map((line) => `  ${line}`);
  return [resultLine(result), ...differences, ...happened, ...dumps].join("\n");
}

function describeDifference({ weight, path, expected, actual, reason }: Difference): string {
  const why = reason === undefined ? "" : ` (${reason})`;
  return `${weight} ${path}${why}\n    expected ${shown(expected)}\n    actual   ${shown(actual)}`;
}

function shown(value: Tagged | undefined): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}... (${text.length} characters)`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}

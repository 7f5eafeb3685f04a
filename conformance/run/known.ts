/** Lists of vectors that are known to fail: they live with the implementation, one pattern a line, `#` before a comment. */
import { readFileSync } from "node:fs";
import { ConfigurationError, toError } from "../../protocol/index.ts";

/** The patterns of `@file`, or those of a list with commas. Throws ConfigurationError for a file that cannot be read. */
export function readPatterns(text: string): readonly string[] {
  if (!text.startsWith("@")) return split(text, ",");
  try {
    const lines = readFileSync(text.slice(1), "utf8").split("\n");
    return lines.flatMap((line) => split(line.split("#")[0] ?? "", ","));
  } catch (error) {
    throw new ConfigurationError(`The list ${text} cannot be read: ${toError(error).message}`, {
      cause: error,
    });
  }
}

function split(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

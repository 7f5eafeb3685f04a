/** Trouble on the way, for commands without a log. */
import { toError } from "../protocol/index.ts";

export function printWarning(message: string, error?: unknown): void {
  process.stderr.write(`celerity: ${message}${error === undefined ? "" : `: ${toError(error).message}`}\n`);
}

/** JSON that this project wrote, with its integers exact. */
import { parseJson } from "../../protocol/index.ts";

const MAX_DEPTH = 1000;

export function readStored(text: string): unknown {
  return parseJson(text, { maxDepth: MAX_DEPTH, revive: undefined, code: "bad_body" });
}

/** The file of `celerity gateway --hooks`: `{"hooks": {name: ...}, "cloudEvents": ...}`. */
import { readFileSync } from "node:fs";
import type { EventOptions, HookOptions } from "../gateway/index.ts";
import { ConfigurationError, isPlainObject, parseJson, toError } from "../protocol/index.ts";

/** As the options of a gateway, which checks what is in them. */
export interface HooksFile {
  readonly hooks?: Readonly<Record<string, HookOptions>>;
  readonly cloudEvents?: EventOptions;
}

const MEMBERS = ["hooks", "cloudEvents"];
const MAX_DEPTH = 64;

/** Throws ConfigurationError for a file that cannot be read, or is something else. */
export function readHooksFile(path: string): HooksFile {
  const file = readJsonFile(path);
  const unknown = isPlainObject(file) ? Object.keys(file).find((name) => !MEMBERS.includes(name)) : "";
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `${path} must be a JSON object with the members ${MEMBERS.join(" and ")}${unknown === "" ? "" : `, and not "${unknown}"`}.`,
    );
  }
  return file as HooksFile;
}

function readJsonFile(path: string): unknown {
  try {
    const text = readFileSync(path, "utf8");
    return parseJson(text, { maxDepth: MAX_DEPTH, revive: undefined, code: "bad_body" });
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${toError(error).message}`, { cause: error });
  }
}

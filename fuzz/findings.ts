/** What the fuzzer finds, and where it is kept: conformance/vectors/fuzz/<decoder>/, one file an input. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** error: thrown, and no typed refusal. slow: beyond the time limit, alone too. memory, crash, hang: of the process. */
export interface Finding {
  readonly kind: "error" | "slow" | "memory" | "crash" | "hang";
  readonly what: string;
  readonly input: Uint8Array;
}

export const vectorsFolder: string = fileURLToPath(new URL("../conformance/vectors/", import.meta.url));

/** Writes the input as `<kind>-<hash>.bin`; returns the file's path. */
export function saveFinding(decoder: string, { kind, input }: Finding): string {
  const folder = join(vectorsFolder, "fuzz", decoder);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${kind}-${createHash("sha256").update(input).digest("hex").slice(0, 12)}.bin`);
  writeFileSync(file, input);
  return file;
}

/** The inputs kept for a decoder, by file name. */
export function savedFindings(decoder: string): readonly (readonly [name: string, input: Uint8Array])[] {
  const folder = join(vectorsFolder, "fuzz", decoder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
}

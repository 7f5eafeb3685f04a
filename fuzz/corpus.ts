/** Inputs to begin with: every text and body in the recorded messages and results of conformance/vectors. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isPlainObject } from "../protocol/index.ts";
import type { Decoder } from "./decoders/index.ts";
import { savedFindings, vectorsFolder } from "./findings.ts";

/** Longer ones are left out: what they hold is in shorter ones too. */
const MAX_BYTES = 8192;
const BASE64 = /^[A-Za-z\d+/]{4,}={0,2}$/;

/** The decoder's own inputs, what was found in it before, and everything recorded. */
export async function startingInputs(name: string, { seeds = [] }: Decoder): Promise<Uint8Array[]> {
  const own = (await Promise.all(seeds)).map((seed) => Buffer.from(seed));
  return [...own, ...savedFindings(name).map(([, input]) => input), ...recordedInputs(vectorsFolder)];
}

/** Every distinct text, body, and (as JSON) message with its headers. */
function recordedInputs(folder: string): Uint8Array[] {
  const texts = new Map<string, Uint8Array>();
  const add = (bytes: Buffer): void => {
    if (bytes.length <= MAX_BYTES) texts.set(bytes.toString("latin1"), bytes);
  };
  const visit = (value: unknown): void => {
    if (typeof value === "string") {
      add(Buffer.from(value));
      if (BASE64.test(value)) add(Buffer.from(value, "base64"));
    }
    if (typeof value !== "object" || value === null) return;
    if (isPlainObject(value)) add(Buffer.from(JSON.stringify(value)));
    Object.values(value).forEach(visit);
  };
  for (const name of readdirSync(folder))
    if (name.endsWith(".json")) visit(JSON.parse(readFileSync(join(folder, name), "utf8")));
  return [...texts.values()];
}
